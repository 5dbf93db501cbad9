#include "base/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(table, is_aligned)
{
	struct table t = {.columns = 3};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	table_add(&t, (const char *const[]){"NAME", "N", "LAST"});
	table_add(&t, (const char *const[]){"häh", "1000", "x"});
	table_add(&t, (const char *const[]){"a\nb-c", "", ""});
	table_print(&t, out);
	fclose(out);
	cr_assert_str_eq(text, "NAME    N      LAST\n"
			       "häh     1000   x\n"
			       "a?b-c\n");
	free(text);
	table_free(&t);
	cr_assert_eq(t.count, 0);
}

static void within(const struct table *t, size_t columns, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	table_print_within(t, columns, out);
	fclose(out);
	cr_assert_str_eq(text, want);
	free(text);
}

Test(table, a_narrow_terminal_takes_what_matters_least)
{
	static const struct table_loss losses[] = {{1, 3}, {2, 0}, {1, 0}};
	struct table t = {.columns = 4, .losses = losses, .loss_count = 3};

	table_add(&t, (const char *const[]){"NAME", "COMMAND", "AGE", "LAST"});
	table_add(&t, (const char *const[]){"a", "häh häh", "1", "x"});
	within(&t, 0, "NAME   COMMAND   AGE   LAST\na      häh häh   1     x\n");
	within(&t, 27, "NAME   COMMAND   AGE   LAST\na      häh häh   1     x\n");
	within(&t, 26, "NAME   COMMA…   AGE   LAST\na      häh h…   1     x\n");
	within(&t, 23, "NAME   CO…   AGE   LAST\na      hä…   1     x\n");
	within(&t, 22, "NAME   CO…   LAST\na      hä…   x\n");
	within(&t, 12, "NAME   LAST\na      x\n");
	within(&t, 3, "NAME   LAST\na      x\n");
	table_free(&t);
}

Test(table, the_last_column_goes_on_below_itself)
{
	struct table t = {.columns = 2, .wraps = true};

	table_add(&t, (const char *const[]){"A", "DETAIL"});
	table_add(&t, (const char *const[]){"1", "nothing is lost of what is said here"});
	table_add(&t, (const char *const[]){"2", "/a/path/longer/than/the/terminal"});
	within(&t, 0,
		"A   DETAIL\n1   nothing is lost of what is said here\n"
		"2   /a/path/longer/than/the/terminal\n");
	within(&t, 21,
		"A   DETAIL\n1   nothing is lost\n    of what is said\n    here\n"
		"2   /a/path/longer/th\n    an/the/terminal\n");
	/* Of a terminal that has no room at all, no use is made. */
	within(&t, 8,
		"A   DETAIL\n1   nothing is lost of what is said here\n"
		"2   /a/path/longer/than/the/terminal\n");
	table_free(&t);
}
