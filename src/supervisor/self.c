#include "supervisor/self.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char oom_score[8];

/* By the kernel's own call: the C library keeps 32 to 34 for itself, of which 34 is SIGRTMIN to
 * those that send it. */
static void signal_set(int sig, void (*handler)(int))
{
	struct {
		void (*handler)(int);
		unsigned long flags, restorer, mask[2];
	} action = {.handler = handler};

	syscall(SYS_rt_sigaction, sig, &action, NULL, sizeof(uint64_t));
}

static void signals_set(void (*handler)(int))
{
	uint64_t none = 0;

	/* Ignored for a moment only, the kernel would reap a PID 1 that ends then in our place. */
	for (int sig = 1; sig < NSIG; sig++)
		signal_set(sig, sig == SIGCHLD ? SIG_DFL : handler);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

static void oom_score_protect(void)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, oom_score, sizeof(oom_score) - 1) > 0)
		(void)!pwrite(fd, "-999", 4, 0);
	close(fd);
}

static void oom_score_restore(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, oom_score, strlen(oom_score));
	close(fd);
}

void self_detach(int lock, int *ret_null)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	(void)!chdir("/");
	for (int fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	*ret_null = null < 0 ? -1 : STDOUT_FILENO;
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(lock, F_SETFD, 0);
	signals_set(SIG_IGN);
	oom_score_protect();
}

void self_restore(void)
{
	oom_score_restore();
	signals_set(SIG_DFL);
}
