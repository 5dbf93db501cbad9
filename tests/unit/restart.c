#include "spec/restart.h"

#include <criterion/criterion.h>
#include <string.h>

static struct restart_policy policy(const char *text)
{
	struct restart_policy p;
	struct err err;

	cr_assert_eq(restart_parse("--restart", text, &p, &err), 0, "%s", err.text);
	return p;
}

Test(restart, words)
{
	static const char *const bad[] = {"", "yes", "alway", "always:1", "no:1",
		"on-failure:", "on-failure:-1", "on-failure:x", "on-failure:4294967296",
		"unless-stopped:2"};
	struct restart_policy p;
	struct err err;

	cr_expect_eq(policy("no").kind, RESTART_NO);
	cr_expect_eq(policy("always").kind, RESTART_ALWAYS);
	cr_expect_eq(policy("unless-stopped").kind, RESTART_UNLESS_STOPPED);
	cr_expect_eq(policy("on-failure").max, 0);
	cr_expect_eq(policy("on-failure:5").max, 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_lt(restart_parse("--restart", bad[i], &p, &err), 0, "%s", bad[i]);
		cr_expect(strstr(err.text, "--restart"));
	}
}

static bool due(const char *text, struct restart_facts f)
{
	struct restart_policy p = policy(text);
	uint64_t wait;
	uint32_t streak;

	return restart_due(&p, &f, &wait, &streak);
}

Test(restart, who_is_started_again)
{
	const struct restart_facts well = {.status = 0}, ill = {.status = 1}, lost = {.status = -1},
				   stopped = {.status = 143, .stopped = true},
				   third = {.status = 1, .count = 3};

	cr_expect(!due("no", ill));
	cr_expect(!due("on-failure", well) && due("on-failure", ill) && due("on-failure", lost));
	cr_expect(due("on-failure:4", third) && !due("on-failure:3", third));
	cr_expect(due("always", well) && due("unless-stopped", well));
	cr_expect(!due("always", stopped) && !due("unless-stopped", stopped) &&
		  !due("on-failure", stopped));
}

Test(restart, who_starts_with_the_machine)
{
	const struct restart_facts stopped = {.status = 0, .stopped = true}, lost = {.status = -1},
				   well = {.status = 0};
	struct restart_policy always = policy("always"), unless = policy("unless-stopped"),
			      failure = policy("on-failure"), no = policy("no");

	cr_expect(restart_at_boot(&always, &stopped) && !restart_at_boot(&unless, &stopped));
	cr_expect(restart_at_boot(&unless, &lost) && restart_at_boot(&failure, &lost));
	cr_expect(!restart_at_boot(&failure, &well) && !restart_at_boot(&no, &lost));
}

Test(restart, waits_double_and_are_forgotten)
{
	struct restart_policy p = policy("always");
	struct restart_facts f = {.status = 1};
	uint64_t wait, before = 0;

	for (int i = 0; i < 40; i++) {
		cr_assert(restart_due(&p, &f, &wait, &f.streak));
		cr_expect_eq(wait, i == 0                         ? RESTART_FIRST_NS
				   : before * 2 < RESTART_LAST_NS ? before * 2
								  : RESTART_LAST_NS);
		before = wait;
	}
	f.ran_ns = RESTART_CALM_NS;
	cr_assert(restart_due(&p, &f, &wait, &f.streak));
	cr_expect_eq(wait, RESTART_FIRST_NS);
	cr_expect_eq(f.streak, 1);
}
