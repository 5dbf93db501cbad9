#include "base/jsontext.h"

#include "base/fd.h"
#include "base/json.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void write_all(struct jsontext *t)
{
	jsontext_open(t, NULL, '{');
	jsontext_string(t, "s", "a\"\\/\b\f\n\r\t\x01\x1f\x7f\u00e4");
	jsontext_open(t, "list", '[');
	jsontext_integer(t, NULL, 0);
	jsontext_integer(t, NULL, INT64_MIN);
	jsontext_integer(t, NULL, INT64_MAX);
	jsontext_open(t, NULL, '{');
	jsontext_close(t, '}');
	jsontext_open(t, NULL, '[');
	jsontext_close(t, ']');
	jsontext_close(t, ']');
	jsontext_boolean(t, "yes", true);
	jsontext_boolean(t, "a \"b\"", false);
	jsontext_close(t, '}');
}

/* The same bytes as the library that reads it. */
static void as_jansson(bool indented, size_t flags)
{
	autojsontext struct jsontext t = {.indented = indented};
	struct err err = {0};
	autofree char *text = NULL, *again = NULL;
	autojson json_t *j = NULL;

	write_all(&t);
	text = jsontext_take(&t, &err);
	cr_assert(not(zero(ptr, text)));
	j = json_parse("t", text, strlen(text), &err);
	cr_assert(not(zero(ptr, j)), "%s", err.text);
	again = json_text(j, flags, &err);
	cr_expect(eq(str, text, again));
}

Test(jsontext, on_one_line)
{
	as_jansson(false, JSON_COMPACT);
}

Test(jsontext, indented)
{
	as_jansson(true, JSON_INDENT(2));
}

Test(jsontext, takes_what_is_json_already)
{
	autojsontext struct jsontext t = {0};
	autofree char *text = NULL;
	struct err err;

	jsontext_open(&t, NULL, '[');
	jsontext_raw(&t, NULL, "{\"a\":1}");
	jsontext_raw(&t, NULL, "null");
	jsontext_close(&t, ']');
	text = jsontext_take(&t, &err);
	cr_expect(eq(str, text, "[{\"a\":1},null]"));
}

Test(jsontext, returns_to_where_it_was)
{
	struct jsontext t = {.indented = true}, before;
	struct err err;
	char *text;

	jsontext_open(&t, NULL, '{');
	before = t;
	for (int i = 0; i < 5000; i++)
		jsontext_integer(&t, "n", i);
	jsontext_return(&t, &before);
	jsontext_open(&t, "x", '{');
	jsontext_return(&t, &before);
	jsontext_close(&t, '}');
	text = jsontext_take(&t, &err);
	cr_expect(eq(str, text, "{}"));
	free(text);
}

Test(jsontext, tells_that_there_was_no_memory)
{
	enum { BIG = 64 << 20 };
	const struct rlimit none = {16 << 20, 16 << 20};
	char *big = malloc(BIG + 1);
	struct jsontext t = {0};
	struct err err = {0};

	memset(big, 'x', BIG);
	big[BIG] = '\0';
#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("the sanitizer takes memory of its own");
#endif
	setrlimit(RLIMIT_AS, &none);
	jsontext_open(&t, NULL, '[');
	jsontext_string(&t, NULL, big);
	jsontext_close(&t, ']');
	cr_expect(zero(ptr, jsontext_take(&t, &err)));
	cr_expect(not(zero(ptr, strstr(err.text, "out of memory"))));
	jsontext_free(&t);
}
