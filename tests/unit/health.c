#include "spec/health.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static const struct health_spec three = {.interval_ns = 30 * SECOND,
	.start_period_ns = 10 * SECOND,
	.retries = 3};

/* The answers to questions a second apart, 'y' or 'n', from that age on; what is known in the end. */
static struct health_state after(const char *answers, uint64_t age)
{
	struct health_state s = {.status = HEALTH_STARTING};

	for (; *answers; answers++, age += SECOND)
		s = health_step(&three, s, age, *answers == 'y');
	return s;
}

Test(health, so_many_failures_in_a_row)
{
	static const struct {
		const char *answers;
		enum health_status status;
		uint64_t streak;
	} rows[] = {
		{"", HEALTH_STARTING, 0},
		{"n", HEALTH_STARTING, 1},
		{"nn", HEALTH_STARTING, 2},
		{"nnn", HEALTH_UNHEALTHY, 3},
		{"nnnn", HEALTH_UNHEALTHY, 4},
		{"y", HEALTH_HEALTHY, 0},
		{"ynn", HEALTH_HEALTHY, 2},
		{"ynny", HEALTH_HEALTHY, 0},
		{"ynnn", HEALTH_UNHEALTHY, 3},
		{"nnnny", HEALTH_HEALTHY, 0},
		{"nny", HEALTH_HEALTHY, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct health_state s = after(rows[i].answers, 10 * SECOND);

		cr_expect_eq(s.status, rows[i].status, "%s", rows[i].answers);
		cr_expect_eq(s.streak, rows[i].streak, "%s", rows[i].answers);
	}
}

Test(health, failures_at_the_start_do_not_count_until_it_was_well_once)
{
	cr_expect_eq(after("nnnnnnnnnn", 0).status, HEALTH_STARTING);
	cr_expect_eq(after("nnnnnnnnnn", 0).streak, 0);
	cr_expect_eq(after("nnnnnnnnnnnn", 0).status, HEALTH_STARTING);
	cr_expect_eq(after("nnnnnnnnnnnnn", 0).status, HEALTH_UNHEALTHY);
	/* Well in between: from then on they do. */
	cr_expect_eq(after("ynnn", 0).status, HEALTH_UNHEALTHY);
}

Test(health, asked_more_often_at_the_start)
{
	struct health_state s = {.status = HEALTH_STARTING};

	cr_expect(health_is_starting(&three, s, 0) && health_is_starting(&three, s, 9 * SECOND));
	cr_expect(!health_is_starting(&three, s, 10 * SECOND));
	s.status = HEALTH_HEALTHY;
	cr_expect(!health_is_starting(&three, s, 0));
}

Test(health, flags_over_the_image_over_what_is_usual)
{
	char *given_test[] = {(char *)"CMD-SHELL", (char *)"mine"};
	char *image_test[] = {(char *)"CMD", (char *)"its", (char *)"own"};
	char *none_test[] = {(char *)"NONE"};
	const struct health_spec image = {.test = image_test,
		.test_count = 3,
		.interval_ns = 7,
		.retries = 9};
	struct health_spec h = {.retries = 1};
	char *argv[8];

	health_complete(&h, &image);
	cr_assert_eq(h.test_count, 3);
	cr_expect_eq(h.interval_ns, 7);
	cr_expect_eq(h.retries, 1);
	cr_expect_eq(h.timeout_ns, HEALTH_TIMEOUT_NS);
	cr_assert(health_command(&h, argv));
	cr_expect(strcmp(argv[0], "its") == 0 && strcmp(argv[1], "own") == 0 && !argv[2]);

	h = (struct health_spec){.test = given_test, .test_count = 2};
	health_complete(&h, &image);
	cr_assert(health_command(&h, argv));
	cr_expect(strcmp(argv[0], "/bin/sh") == 0 && strcmp(argv[2], "mine") == 0 && !argv[3]);

	h = (struct health_spec){.test = none_test, .test_count = 1, .retries = 1};
	health_complete(&h, &image);
	cr_expect(h.test_count == 0 && h.retries == 0);

	h = (struct health_spec){.retries = 1};
	health_complete(&h, NULL);
	cr_expect_eq(h.test_count, 0);
}

Test(health, what_is_no_test_is_not_run)
{
	static const char *const tests[][2] = {{"CMD", NULL}, {"CMD-SHELL", NULL}, {"EXEC", "x"},
		{"cmd", "x"}};
	char *argv[8];

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct health_spec h = {.test = (char **)tests[i],
			.test_count = tests[i][1] ? 2 : 1};

		cr_expect(!health_command(&h, argv), "%s", tests[i][0]);
	}
}

Test(health, names)
{
	for (enum health_status s = HEALTH_NONE; s <= HEALTH_UNHEALTHY; s++)
		cr_expect_eq(health_status_parse(health_status_name(s)), s);
	cr_expect_eq(health_status_parse("well"), HEALTH_NONE);
}
