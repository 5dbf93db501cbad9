#include "checkpoint/criu.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/program.h"
#include "checkpoint/criu_answer.h"
#include "checkpoint/reaper.h"
#include "launch/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Fields of criu_req. */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum { ANSWER_MAX = 64 << 10 };

/* Where it and the tools that it calls are may not be among an engine's. */
static void widen_path(void)
{
	static const char system[] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
	const char *path = getenv("PATH");
	char wide[8192];

	if (!path || !*path ||
		snprintf(wide, sizeof(wide), "%s:%s", path, system) >= (int)sizeof(wide))
		snprintf(wide, sizeof(wide), "%s", system);
	setenv("PATH", wide, 1);
}

bool criu_is_there(void)
{
	char *path, *saved, *dir, file[4096];
	bool found = false;

	widen_path();
	path = strdup(getenv("PATH"));
	for (dir = path ? strtok_r(path, ":", &saved) : NULL; dir && !found;
		dir = strtok_r(NULL, ":", &saved)) {
		snprintf(file, sizeof(file), "%s/criu", dir);
		found = access(file, X_OK) == 0;
	}
	free(path);
	return found;
}

/* What is mounted here is seen by nobody else, and gone with the last process of it. */
static int make_root(const char *root, struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, "cannot make a mount namespace for criu");
	if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 ||
		mount(NULL, root, NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "cannot mount %s for criu", root);
	return 0;
}

static int open_dirs(const struct criu_request *r, struct err *err)
{
	for (size_t i = 0; i < sizeof(r->dirs) / sizeof(r->dirs[0]); i++) {
		autofd int fd = open(r->dirs[i].path, O_RDONLY | O_DIRECTORY);

		if (fd < 0 || dup2(fd, r->dirs[i].fd) < 0)
			return err_sys(err, "open %s for criu", r->dirs[i].path);
	}
	return 0;
}

/* By the credentials of its socket it looks for our descriptors: with a socket that it has made itself, for
 * its own. The other end goes through carrier. */
static int make_socket(int carrier, struct err *err)
{
	int socks[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks) < 0)
		return err_sys(err, "cannot make a socket for criu");
	r = fds_send(carrier, &socks[0], 1, err);
	close(socks[0]);
	return r < 0 ? -1 : socks[1];
}

static int prepare(const struct criu_request *r, struct err *err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (size_t i = 0; i < r->fd_count; i++)
		if (fcntl(r->fds[i], F_SETFD, 0) < 0)
			return err_sys(err, "cannot prepare criu");
	if (r->new_keyring && payload_leave_keyring(err) < 0)
		return -1;
	if (r->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot set no_new_privs");
	if (r->root && make_root(r->root, err) < 0)
		return -1;
	return open_dirs(r, err);
}

static int execute(const struct criu_request *r, int carrier, struct err *err)
{
	char number[16];
	int sock;

	if (prepare(r, err) < 0 || (sock = make_socket(carrier, err)) < 0)
		return -1;
	snprintf(number, sizeof(number), "%d", sock);
	widen_path();
	execlp("criu", "criu", "swrk", number, (char *)NULL);
	if (errno != ENOENT)
		return err_sys(err, "cannot execute criu");
	err_set(err,
		"criu is not installed, and without it nothing can be checkpointed or restored");
	return err_hint(err, "apt install criu");
}

struct launch {
	const struct criu_request *request;
	int carrier, report_fd;
};

static void be_criu(void *arg)
{
	const struct launch *l = arg;
	struct err err = {0};

	execute(l->request, l->carrier, &err);
	fd_write_all(l->report_fd, &err, sizeof(err));
	_exit(1);
}

/* *ret_sock: our end of its socket. */
static int start(const struct criu_request *r, int *ret_sock, struct reaper *ret, struct err *err)
{
	int socks[2], report[2];
	autofd int ours = -1, theirs = -1, in = -1, out = -1;
	struct reaper reaper;
	struct err why;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) < 0)
		return err_sys(err, "cannot make a socket for criu");
	ours = socks[0];
	theirs = socks[1];
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for criu");
	in = report[0];
	out = report[1];
	if (reaper_begin(&reaper, be_criu, &(struct launch){r, theirs, out},
		    (int[]){ours, theirs, in, out}, 4, err) < 0)
		return err_wrap(err, "start criu");
	close(take_fd(&out));
	close(take_fd(&theirs));
	if (fd_read_all(in, &why, sizeof(why)) == sizeof(why)) {
		*err = why;
	} else if (fds_receive(ours, ret_sock, 1, err) == 0) {
		*ret = reaper;
		return 0;
	}
	reaper_kill(&reaper);
	return -1;
}

static int send_message(int sock, const struct protobuf *m, struct err *err)
{
	if (m->failed)
		return err_set(err, "no memory for a request to criu");
	/* criu reads this before it sends more, so the socket has room for it. */
	if (send(sock, m->data, m->len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)m->len)
		return err_sys(err, "cannot send criu a request");
	return 0;
}

static int send_request(int sock, const struct criu_request *r, struct err *err)
{
	struct protobuf m = {NULL};
	int sent;

	protobuf_number(&m, REQ_TYPE, (uint64_t)r->action);
	protobuf_message(&m, REQ_OPTS, &r->options);
	sent = send_message(sock, &m, err);
	protobuf_free(&m);
	return sent;
}

static int send_reaction(int sock, bool success, struct err *err)
{
	struct protobuf m = {NULL};
	int sent;

	protobuf_number(&m, REQ_TYPE, CRIU_NOTIFY);
	protobuf_number(&m, REQ_NOTIFY_SUCCESS, success);
	sent = send_message(sock, &m, err);
	protobuf_free(&m);
	return sent;
}

/* Until it says something. It may take as long as it takes: whoever waits for us says when that is too
 * long. */
static int await(int sock, int signals, struct err *err)
{
	struct pollfd p[] = {{sock, POLLIN, 0}, {signals, POLLIN, 0}};
	struct signalfd_siginfo info;
	int n;

	do
		n = poll(p, 2, -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "cannot hear what criu says");
	if (p[1].revents && read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		return err_set(err, "criu was interrupted by signal %u", info.ssi_signo);
	return 0;
}

/* The first of the descriptors that came with a message, or -1; there is to be no other. */
static int take_passed(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fds[2], got = -1;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		c->cmsg_len < CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&got, CMSG_DATA(c), sizeof(int));
	if (c->cmsg_len >= CMSG_LEN(sizeof(fds))) {
		memcpy(fds, CMSG_DATA(c), sizeof(fds));
		close(fds[1]);
	}
	return got;
}

/* 1, 0 if it has ended, or -1. *ret_fd: what came with it, or -1. */
static int receive(int sock, struct criu_answer *ret, int *ret_fd, struct err *err)
{
	static uint8_t buf[ANSWER_MAX];
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	autofd int fd = -1;
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return err_sys(err, "cannot hear what criu says");
	if (n <= 0)
		return 0;
	fd = take_passed(&msg);
	if ((msg.msg_flags & MSG_TRUNC) || criu_answer_parse(buf, (size_t)n, ret) < 0)
		return err_set(err, "what criu answers is no answer");
	*ret_fd = take_fd(&fd);
	return 1;
}

/* The last line of the log that tells of an error and not only that there was one. */
static void read_log(const char *path, char *ret, size_t size)
{
	FILE *f = fopen(path, "re");
	char line[1024];

	ret[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		const char *error = strstr(line, "Error (");

		if (!error || strstr(error, "FAILED.") || strstr(error, "failed."))
			continue;
		snprintf(ret, size, "%s", error);
		ret[strcspn(ret, "\n")] = '\0';
	}
	if (f)
		fclose(f);
}

static int failed(const struct criu_request *r, const struct criu_answer *a, struct err *err)
{
	const char *why = a->why;
	char logged[512];

	if (!*why) {
		read_log(r->log, logged, sizeof(logged));
		why = logged;
	}
	err_set(err, "criu cannot %s: %s", r->action == CRIU_RESTORE ? "restore it" : "dump it",
		*why     ? why
		: a->sys ? strerror(a->sys)
			 : "it does not say why");
	return err_hint(err, "criu's log is %s", r->log);
}

/* What we have refused is a better story than criu's, that we did. */
static int converse(int sock, int signals, const struct criu_request *r, pid_t *ret_pid,
	struct err *err)
{
	struct err refused = {0}, ignored;
	bool refusal = false;
	struct criu_answer a = {0};
	int fd, n;

	if (send_request(sock, r, err) < 0)
		return -1;
	while ((n = await(sock, signals, err)) == 0 && (n = receive(sock, &a, &fd, err)) > 0 &&
		a.type == CRIU_NOTIFY) {
		bool well = true;

		if (r->reached)
			well = r->reached(a.point, a.pid, fd, r->arg, &refused) == 0;
		else if (fd >= 0)
			close(fd);
		refusal |= !well;
		if (send_reaction(sock, well, &ignored) < 0)
			break;
	}
	if (n < 0)
		return -1;
	if (refusal) {
		*err = refused;
		return -1;
	}
	if (n == 0 || a.type != (unsigned)r->action || !a.success)
		return failed(r, &a, err);
	if (ret_pid)
		*ret_pid = a.pid;
	return 0;
}

/* Signals to end are held back from criu: we get them, and undo what criu has done before we end. */
static int hold_signals(sigset_t *ret_old, struct err *err)
{
	static const int held[] = {SIGHUP, SIGINT, SIGTERM};
	sigset_t set;
	int fd;

	program_heeded_signals(held, sizeof(held) / sizeof(held[0]), &set);
	sigprocmask(SIG_BLOCK, &set, ret_old);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd >= 0)
		return fd;
	err_sys(err, "wait for signals");
	sigprocmask(SIG_SETMASK, ret_old, NULL);
	return -1;
}

int criu_run(const struct criu_request *r, pid_t *ret_pid, struct err *err)
{
	autofd int sock = -1, signals = -1;
	struct reaper reaper;
	sigset_t old;
	int result;

	signals = hold_signals(&old, err);
	if (signals < 0)
		return -1;
	result = start(r, &sock, &reaper, err);
	if (result == 0) {
		result = converse(sock, signals, r, ret_pid, err);
		close(take_fd(&sock));
		if (result == 0)
			reaper_release(&reaper);
		else
			reaper_kill(&reaper);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return result;
}
