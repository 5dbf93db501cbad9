#include "base/event.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct event some(const char *name)
{
	return (struct event){.time_ns = 1700000000123456789,
		.type = "container",
		.action = "die",
		.id = "3f2a",
		.name = name};
}

static struct event parsed(struct arena *a, const char *line)
{
	struct event e = {0};
	struct err err;

	cr_assert_eq(event_parse(a, line, strlen(line), &e, &err), 1, "%s", line);
	return e;
}

Test(event, what_is_written_is_read)
{
	struct event e = some("web"), back;
	struct arena a = {0};
	char *line;

	event_add(&e, "exitCode", "137");
	event_add(&e, "image", NULL);
	line = event_format(&e);
	cr_assert(line);
	cr_expect(!strchr(line, '\n'));
	back = parsed(&a, line);
	cr_expect_eq(back.time_ns, e.time_ns);
	cr_expect_str_eq(back.action, "die");
	cr_expect_str_eq(back.id, "3f2a");
	cr_expect_eq(back.attribute_count, 1);
	cr_expect_str_eq(back.attributes[0].value, "137");
	free(line);
	arena_free(&a);
}

Test(event, hostile_names_stay_in_their_string)
{
	/* A line feed, what would begin another event, a byte that is no UTF-8. */
	struct event e = some("a\n{\"timeNs\":1,\"type\":\"x\"\xff\x1b[2J"), back;
	char *line = event_format(&e);
	struct arena a = {0};

	cr_assert(line);
	cr_expect(!strchr(line, '\n'));
	back = parsed(&a, line);
	cr_expect_str_eq(back.name, "a\n{\"timeNs\":1,\"type\":\"x\"?\x1b[2J");
	free(line);
	arena_free(&a);
}

Test(event, what_is_too_long_is_cut_between_characters)
{
	char name[4 * EVENT_VALUE_MAX];
	struct event e = some(name), back;
	struct arena a = {0};
	char *line;

	for (size_t i = 0; i + 3 < sizeof(name); i += 2)
		memcpy(name + i, "é", 3);
	line = event_format(&e);
	cr_assert(line);
	cr_expect_lt(strlen(line), EVENT_LINE_MAX);
	back = parsed(&a, line);
	cr_expect_eq(strlen(back.name), EVENT_VALUE_MAX - 1);
	free(line);
	arena_free(&a);
}

Test(event, one_behind_half_of_another_is_found)
{
	struct event e = some("whole");
	char *line = event_format(&e), torn[1024];
	struct arena a = {0};
	struct err err;

	cr_assert(line);
	for (size_t cut = 0; cut < strlen(line); cut++) {
		snprintf(torn, sizeof(torn), "%.*s%s", (int)cut, line, line);
		cr_expect_str_eq(parsed(&a, torn).name, "whole", "cut at %zu", cut);
		if (cut)
			cr_expect_eq(event_parse(&a, line, cut, &e, &err), 0);
	}
	free(line);
	arena_free(&a);
}
