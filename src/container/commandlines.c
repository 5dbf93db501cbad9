#include "container/commandlines.h"

#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 500, SILENT_MAX = 6 };

struct asker {
	pid_t pid;
	int answers;
};

/* The length, or -errno. */
static int32_t read_words(pid_t pid, char buf[COMMANDLINE_MAX])
{
	autofd int fd = -1;
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : fd_read_all(fd, buf, COMMANDLINE_MAX);
	if (n < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	while (n > 0 && buf[n - 1] == '\0')
		n--;
	return (int32_t)n;
}

/* Nothing of ours stays open in one that is left behind. */
static _Noreturn void answer(const pid_t *pids, size_t count, int out)
{
	char buf[COMMANDLINE_MAX];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out, STDIN_FILENO) < 0 || syscall(SYS_close_range, 1U, ~0U, 0U) < 0)
		_exit(1);
	for (size_t i = 0; i < count; i++) {
		int32_t n = read_words(pids[i], buf);

		if (fd_write_all(STDIN_FILENO, &n, sizeof(n)) < 0 ||
			(n > 0 && fd_write_all(STDIN_FILENO, buf, (size_t)n) < 0))
			_exit(1);
	}
	_exit(0);
}

static int start(const pid_t *pids, size_t count, struct asker *ret, struct err *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe for command lines");
	ret->pid = fork();
	if (ret->pid == 0)
		answer(pids, count, p[1]);
	close(p[1]);
	ret->answers = p[0];
	if (ret->pid > 0)
		return 0;
	err_sys(err, "make a process that reads command lines");
	close(p[0]);
	return -1;
}

/* One that the kernel keeps waiting ends when it is let go, without us. */
static void stop(struct asker *a, bool answers)
{
	close(a->answers);
	kill(a->pid, SIGKILL);
	while (waitpid(a->pid, NULL, answers ? 0 : WNOHANG) < 0 && errno == EINTR)
		;
}

/* 1, 0 if it does not come in time, -1 with err. */
static int take(int fd, void *to, size_t len, uint64_t deadline, struct err *err)
{
	char *at = to;

	while (len) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int r = poll(&p, 1, deadline_poll_ms(deadline));
		ssize_t n = r > 0 ? read(fd, at, len) : r;

		if (n < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return 0;
		if (n < 0)
			return err_sys(err, "read command lines");
		if (n == 0)
			return err_set(err, "the process that reads command lines has ended");
		at += n;
		len -= (size_t)n;
	}
	return 1;
}

static int take_words(int fd, struct arena *a, const char **ret, struct err *err)
{
	uint64_t deadline = deadline_after(PATIENCE_MS * UINT64_C(1000000));
	char buf[COMMANDLINE_MAX];
	int32_t len;
	int r = take(fd, &len, sizeof(len), deadline, err);

	if (r <= 0)
		return r;
	if (len < 0 || (size_t)len > sizeof(buf)) {
		errno = -len;
		return err_sys(err, "read a command line");
	}
	r = take(fd, buf, (size_t)len, deadline, err);
	for (int32_t i = 0; i < len && r > 0; i++)
		buf[i] = buf[i] ? buf[i] : ' ';
	if (r > 0)
		*ret = arena_strndup(a, buf, (size_t)len);
	return r;
}

int commandlines_read(const pid_t *pids, size_t count, struct arena *a, const char **ret,
	struct err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		ret[i] = "";
	for (int silent = 0; at < count && silent < SILENT_MAX; silent++) {
		struct asker asker = {-1, -1};
		int r = 1;

		if (start(pids + at, count - at, &asker, err) < 0)
			return -1;
		while (at < count && (r = take_words(asker.answers, a, &ret[at], err)) > 0)
			at++;
		stop(&asker, r != 0);
		if (r < 0)
			return -1;
		at++;
	}
	return 0;
}
