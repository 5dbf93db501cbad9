#include "image/leftout.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct entry_path path_of(const char *s)
{
	struct entry_path p;
	struct err err;

	cr_assert(entry_path_parse(s, &p, &err) == 0, "%s", err.text);
	return p;
}

Test(image_leftout, names_are_told_apart)
{
	struct leftout l = {0};
	struct entry_path a = path_of("dev/null"), b = path_of("\xff"), c = path_of("null");

	cr_expect(!leftout_has(&l, &a));
	leftout_add(&l, &a);
	leftout_add(&l, &b);
	cr_expect(leftout_has(&l, &a) && leftout_has(&l, &b));
	cr_expect(!leftout_has(&l, &c));
	leftout_free(&l);
}

Test(image_leftout, memory_is_bounded)
{
	struct leftout l = {0};
	struct entry_path p;
	char name[240];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "%0200d", i);
		p = path_of(name);
		leftout_add(&l, &p);
	}
	cr_expect(l.bytes <= LEFTOUT_MAX);
	cr_expect(!leftout_has(&l, &p));
	leftout_free(&l);
}
