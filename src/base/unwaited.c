#include "base/unwaited.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

/* musl has it from 1.2.5. */
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

enum { GUARD_US = 20000 };

static void wake(int sig)
{
	(void)sig;
}

static void guard_prepare(void)
{
	sigset_t alarm;

	sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

/* Again and again, as the first time may be before the call began. */
static void guard(bool on)
{
	const struct itimerval t = {{0, on ? GUARD_US : 0}, {0, on ? GUARD_US : 0}};

	setitimer(ITIMER_REAL, &t, NULL);
}

static ssize_t guarded(bool out, int fd, void *buf, size_t n)
{
	static bool ready;
	ssize_t r;
	int e;

	if (!ready)
		guard_prepare();
	ready = true;
	guard(true);
	r = out ? write(fd, buf, n) : read(fd, buf, n);
	e = errno;
	guard(false);
	errno = e;
	return r;
}

/* The kernel knows that of pipes since 6.5, of terminals not. */
static ssize_t nowait(bool out, int fd, void *buf, size_t n)
{
	const struct iovec v = {buf, n};
	ssize_t r = syscall(out ? SYS_pwritev2 : SYS_preadv2, fd, &v, 1, -1L, -1L, RWF_NOWAIT);

	if (r >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS))
		return r;
	return guarded(out, fd, buf, n);
}

static mode_t kind(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_mode & S_IFMT; /* then reading or writing says why */
}

static ssize_t unwaited(bool out, int fd, void *buf, size_t n)
{
	switch (kind(fd)) {
	case S_IFREG:
	case S_IFBLK: /* poll(2) has them ready always */
		return out ? write(fd, buf, n) : read(fd, buf, n);
	case S_IFSOCK:
		return out ? send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL)
			   : recv(fd, buf, n, MSG_DONTWAIT);
	}
	return nowait(out, fd, buf, n);
}

ssize_t unwaited_read(int fd, void *buf, size_t n)
{
	return unwaited(false, fd, buf, n);
}

ssize_t unwaited_write(int fd, const void *data, size_t n)
{
	return unwaited(true, fd, (void *)data, n);
}
