#include "image/interrupt.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How a process ends that is sent TERM, and another one after so many milliseconds. */
static int ended_by(long pause_ms)
{
	const struct timespec pause = {.tv_sec = pause_ms / 1000,
		.tv_nsec = pause_ms % 1000 * 1000000};
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct err err = {0};

		interrupt_catch();
		raise(SIGTERM);
		nanosleep(&pause, NULL);
		raise(SIGTERM);
		_exit(interrupt_check(&err) < 0 ? 7 : 8);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

Test(image_interrupt, twice_at_once_is_once)
{
	cr_expect_eq(ended_by(0), 7);
	cr_expect_eq(ended_by(50), 7);
}

Test(image_interrupt, a_later_one_ends)
{
	cr_expect_eq(ended_by(1200), -SIGTERM);
}
