#include "console/nameservice.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/pace.h"
#include "base/puttext.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { END_MS = 1000 };
enum { FDS = 4 };

static const uint64_t again_ns = SECOND_NS;

static _Noreturn void run(const struct nameservice *n)
{
	static const char *const option[FDS] = {"--udp", "--tcp", "--state", "--pidfd"};
	const int fd[FDS] = {n->udp, n->tcp, n->state, n->first};
	char text[FDS][16], *argv[2 * FDS + 2] = {(char *)"ctr-resolver"};

	for (int i = 0; i < FDS; i++) {
		*put_number(text[i], (uint64_t)fd[i], 1) = '\0';
		argv[1 + 2 * i] = (char *)option[i];
		argv[2 + 2 * i] = text[i];
		fcntl(fd[i], F_SETFD, 0);
	}
	n->prepare();
	execv(n->program, argv);
	_exit(1);
}

/* With a memory of its own: we may be killed at any time, and somebody goes on in ours. */
static void begin(struct nameservice *n, uint64_t now)
{
	const int group = n->group ? n->group() : -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | (group >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&n->fd,
		.exit_signal = SIGCHLD,
		.cgroup = group >= 0 ? (uint64_t)group : 0,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		run(n);
	if (group >= 0)
		close(group);
	if (pid > 0)
		return;
	n->fd = -1;
	n->at = now + again_ns;
}

static void reap(struct nameservice *n, uint64_t now)
{
	siginfo_t end = {0};
	int r = waitid(P_PIDFD, (id_t)n->fd, &end, WEXITED);
	bool well = r == 0 && end.si_code == CLD_EXITED && end.si_status == 0;

	fd_forget(&n->fd);
	n->at = well ? 0 : now + again_ns;
}

void nameservice_poll(const struct nameservice *n, struct pollfd ret[NAMESERVICE_POLLS],
	uint64_t now)
{
	const bool waits = n->fd < 0 && now >= n->at;

	ret[0] = (struct pollfd){waits ? n->udp : n->fd, POLLIN, 0};
	ret[1] = (struct pollfd){waits ? n->tcp : -1, POLLIN, 0};
}

uint64_t nameservice_deadline(const struct nameservice *n, uint64_t now)
{
	return n->udp >= 0 && n->fd < 0 && now < n->at ? n->at : NEVER;
}

void nameservice_serve(struct nameservice *n, const struct pollfd p[NAMESERVICE_POLLS],
	uint64_t now)
{
	if (n->fd >= 0) {
		if (p[0].revents)
			reap(n, now);
	} else if (p[0].revents || p[1].revents) {
		begin(n, now);
	}
}

void nameservice_taken_over(struct nameservice *n)
{
	fd_forget(&n->fd);
	n->at = 0;
}

void nameservice_end(struct nameservice *n)
{
	struct pollfd p = {n->fd, POLLIN, 0};

	if (n->fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, n->fd, SIGKILL, NULL, 0);
	/* One that hangs in the kernel does nothing more either. */
	if (n->fd >= 0 && poll(&p, 1, END_MS) > 0)
		reap(n, 0);
	fd_forget(&n->fd);
	fd_forget(&n->udp);
	fd_forget(&n->tcp);
}
