/* Properties of a unit as annotations have them. Parts: the name, the value. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/utf8.h"
#include "cgroup/scope.h"
#include "spec/unitproperty.h"

#include <string.h>

static void check_value(const struct variant *v)
{
	switch (v->type) {
	case 'a':
		for (size_t i = 0; i < v->strings.count; i++)
			require(v->strings.items[i]);
		break;
	case 's':
		require(v->text);
		break;
	case 'd':
		require(v->real - v->real == 0);
		break;
	default:
		require(v->type && strchr("bynqiuxt", v->type));
	}
}

/* Each is one word of a program's arguments, or one more for each string. */
static void check_words(const struct unit_property *p)
{
	struct word_list l = {NULL, 0};
	struct arena a = {NULL};
	size_t len = strlen(p->name);

	scope_property_add(&l, &a, p);
	require(l.count == 1 + (p->value.type == 'a' ? p->value.strings.count : 0));
	require(strncmp(l.words[0], p->name, len) == 0 && l.words[0][len] == '=');
	require(l.words[0][len + 1] == p->value.type && l.words[0][len + 2] == ':');
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	autofree char *name = fuzz_part(&in, NULL), *value = fuzz_rest(&in, NULL);
	struct arena a = {NULL};
	struct unit_property p;
	struct err err = {0};

	fuzz_fill(&p, sizeof(p));
	if (unit_property_parse(name, value, &a, &p, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&p, sizeof(p));
	} else {
		check_value(&p.value);
		require(!utf8_valid(value) || p.value.type != 's' || utf8_valid(p.value.text));
		check_words(&p);
	}
	arena_free(&a);
	return 0;
}
