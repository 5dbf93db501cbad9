#include "supervisor/tail.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static char room[TAIL_ROOM];
static struct tail tail = {.buf = room};

static unsigned keep(const char *text)
{
	return tail_keep(&tail, text, (unsigned)strlen(text));
}

static void holds(const char *text)
{
	cr_assert(eq(int, (int)tail.len, (int)strlen(text)), "%.*s", (int)tail.len, tail.buf);
	cr_assert(eq(int, memcmp(tail.buf, text, tail.len), 0));
}

Test(tail, what_fits_is_all_there)
{
	cr_assert(eq(int, (int)keep("one\ntwo\nthr"), 0));
	cr_assert(eq(int, (int)tail_trim(&tail, 1000, 48), 0));
	cr_assert(not(tail.cut));
	holds("one\ntwo\nthr");
}

Test(tail, every_byte_is_there_or_counted_and_lines_are_whole)
{
	unsigned written = 0, lost = 0;
	char line[32];

	for (int i = 0; i < 10000; i++) {
		int n = snprintf(line, sizeof(line), "%d\n", i);
		written += (unsigned)n;
		lost += keep(line);
	}
	cr_assert(ge(int, (int)tail.len, TAIL_BYTES - 32));
	lost += tail_trim(&tail, TAIL_ROOM, 48);
	cr_assert(eq(int, (int)(lost + tail.len), (int)written));
	cr_assert(le(int, (int)(tail.len / 5 * (5 + 48)), (int)TAIL_ROOM));
	cr_assert(ge(int, (int)tail.len, 5 * 300));
	cr_assert(eq(int, (int)(tail.len % 5), 0), "begins inside a line");
	cr_assert(eq(int, memcmp(tail.buf + tail.len - 5, "9999\n", 5), 0));
	cr_assert(not(tail.cut));
}

Test(tail, a_line_without_its_beginning_is_dropped_up_to_its_end)
{
	tail.cut = true;
	keep("rest\nwhole\npart");
	cr_assert(eq(int, (int)tail_trim(&tail, 1000, 1), 5));
	cr_assert(not(tail.cut));
	holds("whole\npart");
}

Test(tail, of_a_line_that_began_before_and_ends_later_nothing_is_left)
{
	tail.cut = true;
	keep("middle");
	cr_assert(eq(int, (int)tail_trim(&tail, 1000, 1), 6));
	cr_assert(tail.cut);
	holds("");
}

Test(tail, empty_lines_cost_what_is_in_front_of_them)
{
	for (int i = 0; i < 5000; i++)
		keep("\n");
	cr_assert(eq(int, (int)tail_trim(&tail, 490, 48), 4990));
	cr_assert(eq(int, (int)tail.len, 10));
}

Test(tail, a_last_line_longer_than_all_is_lost_and_what_follows_is_its_rest)
{
	keep("short\n");
	keep("a longer line, without an end");
	cr_assert(eq(int, (int)tail_trim(&tail, 10, 1), 35));
	cr_assert(tail.cut);
}

Test(tail, a_last_line_longer_than_all_that_has_an_end_cuts_nothing_of_the_next)
{
	keep("a longer line\n");
	cr_assert(eq(int, (int)tail_trim(&tail, 10, 1), 14));
	cr_assert(not(tail.cut));
	holds("");
}

Test(tail, cleared_it_begins_inside_a_line)
{
	keep("one\n");
	cr_assert(eq(int, (int)tail_clear(&tail), 4));
	cr_assert(tail.cut);
	cr_assert(eq(int, (int)tail_trim(&tail, 10, 1), 0));
}
