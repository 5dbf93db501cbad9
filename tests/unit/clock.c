#include "base/clock.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(clock, what_poll_is_to_wait)
{
	const uint64_t now = monotonic_ns();

	cr_expect(eq(int, deadline_poll_ms(0), -1));
	cr_expect(eq(int, deadline_poll_ms(now), 0));
	cr_expect(eq(int, deadline_poll_ms(UINT64_MAX), 1000000000));
	/* Never a wait of no time at all while there is some left. */
	cr_expect(gt(int, deadline_poll_ms(now + 5000000000ULL), 0));
	cr_expect(le(int, deadline_poll_ms(now + 5000000000ULL), 5000));
	cr_expect(eq(u64, deadline_after(0), 0));
	cr_expect(ge(u64, deadline_after(1), now));
}

Test(clock, the_longest_limit_is_not_over)
{
	cr_assert_eq(deadline_after(0), 0);
	cr_assert_gt(deadline_after(UINT64_MAX), monotonic_ns());
	cr_assert_gt(deadline_poll_ms(deadline_after(UINT64_MAX)), 0);
	cr_assert_gt(deadline_poll_ms(deadline_after(INT64_MAX)), 0);
}
