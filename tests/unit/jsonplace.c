#include "base/jsonplace.h"

#include <criterion/criterion.h>
#include <string.h>

static const char document[] = "{\n"
			       "  \"a\": {\"b\": [1, {\"c\": \"x]}\\\"\"}, [true]]},\n"
			       "  \"name.with.dots\": {\"net.ipv4\": \"v\"},\n"
			       "  \"name\": {\"with\": 1}, \"ä\": {\"e\": 3},\n"
			       "\t\"list\" : [ ]\n"
			       "}\n";

static void at(const char *place, unsigned line, unsigned column)
{
	unsigned l = 0, c = 0;

	json_locate(document, strlen(document), place, &l, &c);
	cr_expect(l == line && c == column, "%s: %u:%u, not %u:%u", place, l, c, line, column);
}

Test(jsonplace, values)
{
	at("", 1, 1);
	at("a", 2, 8);
	at("a.b", 2, 14);
	at("a.b[0]", 2, 15);
	at("a.b[1].c", 2, 24);
	at("a.b[2][0]", 2, 35);
	at("list", 5, 11);
}

Test(jsonplace, names_with_dots)
{
	at("name.with.dots.net.ipv4", 3, 34);
	at("name.with", 4, 20);
	at("ä.e", 4, 35);
}

Test(jsonplace, the_nearest_of_what_is_not_there)
{
	at("b", 1, 1);
	at("a.x.y", 2, 8);
	at("a.b[7]", 2, 14);
	at("a.b[1].d", 2, 18);
	at("list[0]", 5, 11);
	at("a.b[x]", 2, 14);
	at("[3]", 1, 1);
}

/* Whatever the text is, nothing beyond it is read: the sanitizers see it. */
Test(jsonplace, broken_texts)
{
	const char *const places[] = {"a.b[1].c", "name.with.dots.net.ipv4", "list[2]", "[0][0]"};
	unsigned l, c;

	for (size_t len = 0; len < sizeof(document); len++) {
		char *cut = malloc(len ? len : 1);

		memcpy(cut, document, len);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			json_locate(cut, len, places[i], &l, &c);
			cr_expect(l >= 1 && l <= 7 && c >= 1, "%u:%u", l, c);
		}
		free(cut);
	}
}

Test(jsonplace, depth_is_bounded)
{
	char deep[4000], place[12001];
	unsigned l, c;

	memset(deep, '[', sizeof(deep));
	for (size_t i = 0; i < 4000; i++)
		memcpy(place + 3 * i, "[0]", 4);
	json_locate(deep, sizeof(deep), place, &l, &c);
	cr_expect(l == 1 && c > 10 && c < 100, "%u", c);
}
