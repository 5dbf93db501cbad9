#include "base/json.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

/* Nobody asks after each part of a document whether there was memory for it. */
Test(json, no_text_of_what_is_not_whole)
{
	enum { BIG = 64 << 20 };
	const struct rlimit none = {16 << 20, 16 << 20};
	autojson json_t *j = json_array();
	char *big = malloc(BIG + 1);
	struct err err = {0};

	memset(big, 'x', BIG);
	big[BIG] = '\0';
#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("the sanitizer takes memory of its own");
#endif
	cr_assert(zero(int, setrlimit(RLIMIT_AS, &none)));
	json_array_append_new(j, json_string(big));
	cr_expect(zero(ptr, json_text(j, 0, &err)));
	cr_expect(ne(chr, err.text[0], '\0'));
	cr_expect(not(zero(ptr, json_text(j, 0, &err))));
}
