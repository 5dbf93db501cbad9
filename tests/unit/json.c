#include "base/json.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

/* Of every size about that of the first buffer. */
Test(json, text_of_any_size)
{
	char name[40000];
	struct err err;

	for (size_t n = 0; n<sizeof(name) - 1; n += n> 16000 && n < 17000 ? 1 : 997) {
		json_t *j = json_object();
		char *text;

		memset(name, 'x', n);
		name[n] = '\0';
		json_object_set_new(j, name, json_true());
		text = json_text(j, JSON_COMPACT, &err);
		cr_assert(not(zero(ptr, text)));
		cr_assert(eq(sz, strlen(text), n + strlen("{\"\":true}")));
		cr_assert(eq(chr, text[strlen(text) - 1], '}'));
		free(text);
		json_decref(j);
	}
}
