#include "state/life.h"

#include <criterion/criterion.h>

/* Each row of the table, in words. */
Test(life, what_ends_with_a_start)
{
	static const struct {
		enum stage stage;
		bool kept, remove, tell, remove_data;
	} rows[] = {
		/* A new one that never ran is as if it had not been asked for. */
		{STAGE_CREATING, false, false, false, true},
		{STAGE_CREATING, false, true, false, true},
		/* One that was there before is as it was. */
		{STAGE_CREATING, true, false, false, false},
		{STAGE_CREATING, true, true, false, false},
		/* One that ran has ended, and is gone if it was --rm. */
		{STAGE_RUNNING, false, false, true, false},
		{STAGE_RUNNING, false, true, false, true},
		{STAGE_RUNNING, true, false, true, false},
		{STAGE_RUNNING, true, true, false, true},
		/* One whose end is told, and that nobody starts again, has ended. */
		{STAGE_RESTARTING, true, false, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = {.stage = rows[i].stage,
			.kept = rows[i].kept,
			.remove = rows[i].remove};
		struct life_end end = life_end_of(&r);

		cr_expect_eq(end.tell, rows[i].tell, "row %zu: told", i);
		cr_expect_eq(end.remove_data, rows[i].remove_data, "row %zu: data", i);
	}
}

Test(life, at_rest)
{
	struct metadata made = {.unstarted = true, .remove = true}, ended = {.exited = true},
			cut_short = {.remove = true};

	cr_expect_eq(life_at_rest(&made), CONTAINER_CREATED);
	cr_expect_eq(life_at_rest(&ended), CONTAINER_EXITED);
	cr_expect(!life_is_over(&made) && !life_is_over(&ended) && life_is_over(&cut_short));
}
