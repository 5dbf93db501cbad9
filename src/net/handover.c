#include "net/handover.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/program.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "ctr-net"

enum { FIRST_FREE = NETWORK_STATE_FD + 1 };

struct ends {
	int standard, child, state;
};

/* Out of the way of the numbers that the program has them by. */
static int move_up(int *fd)
{
	int moved = *fd >= 0 ? fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE) : -1;

	if (*fd >= 0 && moved < 0)
		return -1;
	fd_cleanup(fd);
	*fd = moved;
	return 0;
}

/* With the signals that ctr holds back let through. Of what it prints nothing is heard: the dynamic loader's complaints, as
 * ours come over the socket. */
static int run(const char *path, const struct ends *e, pid_t *ret)
{
	char *argv[] = {(char *)(uintptr_t)PROGRAM, NULL};
	struct spawning s = {
		.path = path,
		.argv = argv,
		.fds = {{e->standard, STDIN_FILENO}, {SPAWN_NULL, STDERR_FILENO},
			{e->state, NETWORK_STATE_FD}, {e->child, NETWORK_CHILD_FD}},
		.fd_count = e->child >= 0 ? 4 : 3,
	};
	sigset_t none;

	sigemptyset(&none);
	s.mask = &none;
	return spawn(&s, ret);
}

static int pair_open(int *ours, int *theirs, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "cannot make a socket pair");
	*ours = pair[0];
	*theirs = pair[1];
	return 0;
}

/* One that was left to end by itself, and is no zombie for longer than until the next one. */
static pid_t left;

static void reap(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int handover_begin(struct handover *h, int state_fd, bool with_child, struct err *err)
{
	autofd int ours = -1, theirs = -1, child_ours = -1, child = -1, state = -1;
	char path[4096];

	if (program_path(PROGRAM, path, sizeof(path), err) < 0 ||
		pair_open(&ours, &theirs, err) < 0 ||
		(with_child && pair_open(&child_ours, &child, err) < 0))
		return -1;
	state = fcntl(state_fd, F_DUPFD_CLOEXEC, FIRST_FREE);
	if (state < 0 || (theirs < FIRST_FREE && move_up(&theirs) < 0) ||
		(child < FIRST_FREE && move_up(&child) < 0))
		return err_sys(err, "cannot make descriptors for " PROGRAM);
	reap(left);
	left = 0;
	if (run(path, &(struct ends){theirs, child, state}, &h->pid) < 0) {
		h->pid = 0;
		return err_sys(err, "run %s", path);
	}
	h->sock = take_fd(&ours);
	h->child_sock = take_fd(&child_ours);
	return 0;
}

int handover_ask(const struct handover *h, enum network_verb verb, const char *word,
	struct err *err)
{
	char text[1 + OWNER_SIZE] = {(char)verb};
	size_t len = word ? strlen(word) : 0;

	if (len >= OWNER_SIZE)
		return err_set(err, PROGRAM ": too long a word");
	memcpy(text + 1, word ? word : "", len);
	return send(h->sock, text, 1 + len, MSG_NOSIGNAL) < 0 ? err_sys(err, "ask " PROGRAM) : 0;
}

static void take_fds(struct msghdr *m, int *ret)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);

	ret[0] = ret[1] = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		c->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(ret, CMSG_DATA(c), 2 * sizeof(int));
}

int handover_hear(const struct handover *h, bool wait, struct network_answer *ret, int *ret_fds,
	struct err *err)
{
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {ret, sizeof(*ret)};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = ret_fds ? sizeof(control.buf) : 0};
	ssize_t n;

	do
		n = recvmsg(h->sock, &m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "cannot hear from " PROGRAM);
	if (n != sizeof(*ret)) {
		err_set(err, PROGRAM " ended before it had done what it was asked to");
		return err_hint(err,
			"if it always does: is libmnl installed? Run " PROGRAM " by hand");
	}
	if (ret_fds)
		take_fds(&m, ret_fds);
	if (!ret->failed)
		return 0;
	*err = ret->err;
	return -1;
}

void handover_end(struct handover *h, bool at_once)
{
	fd_cleanup(&h->sock);
	fd_cleanup(&h->child_sock);
	if (h->pid > 0 && at_once)
		kill(h->pid, SIGKILL);
	reap(h->pid);
	*h = HANDOVER_NONE;
}

void handover_leave(struct handover *h)
{
	if (h->pid > 0) {
		reap(left);
		left = h->pid;
	}
	fd_cleanup(&h->sock);
	fd_cleanup(&h->child_sock);
	*h = HANDOVER_NONE;
}

int network_hand_over(int sock, struct err *err)
{
	autofd int ns = -1;

	if (sock < 0)
		return 0;
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_sys(err, "open the network namespace of the container");
	/* It may have failed, and will be asked why. */
	return fds_send(sock, &ns, 1, err) < 0 && err->sys != EPIPE && err->sys != ECONNRESET ? -1
											      : 0;
}

int network_await(int sock, struct err *err)
{
	struct err heard;
	ssize_t n;

	if (sock < 0)
		return 0;
	do
		n = recv(sock, &heard, sizeof(heard), 0);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n == 1)
		return 0;
	if (n != sizeof(heard))
		return err_set(err, PROGRAM " ended before the container had a network");
	*err = heard;
	return -1;
}
