#include "process/seccomp_listener.h"

#include "base/fd.h"
#include "base/json.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { SEND_SECONDS = 10, PIECES = 8 };

int seccomp_listener_open(const struct process_spec *p, const char *version,
	struct seccomp_listener *ret, struct err *err)
{
	const struct timeval limit = {.tv_sec = SEND_SECONDS};
	const char *metadata = p->listener_metadata ? p->listener_metadata : "";
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	autofd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	autojson json_t *text = json_string(metadata);

	if (strlen(p->listener) >= sizeof(to.sun_path))
		return err_value(err, "seccomp listener", p->listener,
			"is longer than the path of a socket may be");
	memcpy(to.sun_path, p->listener, strlen(p->listener));
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
		connect(sock, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(err, "cannot connect to the seccomp listener %s", p->listener);
	if (!text)
		return err_set(err, "the metadata for the seccomp listener is not UTF-8");
	ret->metadata = json_text(text, JSON_ENCODE_ANY, err);
	if (!ret->metadata)
		return -1;
	ret->version = version;
	ret->sock = take_fd(&sock);
	return 0;
}

void seccomp_listener_close(struct seccomp_listener *l)
{
	fd_cleanup(&l->sock);
	free(l->metadata);
	*l = (struct seccomp_listener){.sock = -1};
}

/* Between the two threads. */
struct handover {
	int sock;
	struct iovec pieces[PIECES];
	atomic_int fd;     /* 0: not yet; -1: there is none */
	atomic_int result; /* 0: not yet; 1: sent; else -errno */
};

static int send_all(struct handover *h, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {.msg_iov = h->pieces,
		.msg_iovlen = PIECES,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	size_t len = 0;
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	for (int i = 0; i < PIECES; i++)
		len += h->pieces[i].iov_len;
	do
		n = sendmsg(h->sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 1 : n < 0 ? -errno : -EMSGSIZE;
}

static void *send_thread(void *arg)
{
	struct handover *h = arg;
	int fd;

	while ((fd = atomic_load(&h->fd)) == 0)
		sched_yield();
	atomic_store(&h->result, fd > 0 ? send_all(h, fd) : -ECANCELED);
	return NULL;
}

/* By pthreads, as the clone(3) of musl 1.2.5 refuses threads; on a stack that is there. */
static int thread_start(struct handover *h, struct err *err)
{
	static _Alignas(64) char stack[128 << 10];
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	errno = pthread_attr_setstack(&attr, stack, sizeof(stack));
	if (!errno)
		errno = pthread_create(&thread, &attr, send_thread, h);
	pthread_attr_destroy(&attr);
	return errno ? err_sys(err, "cannot create a thread for the seccomp listener") : 0;
}

static void fill(struct handover *h, const struct seccomp_listener *l, const char *state,
	char *pid_text, size_t size)
{
	const char *at = strstr(state, "\"pid\":");
	const char *const text[PIECES] = {"{\"ociVersion\":\"", l->version,
		"\",\"fds\":[\"seccompFd\"],\"pid\":", pid_text, l->metadata, ",\"state\":", state,
		"}"};

	snprintf(pid_text, size, "%d,\"metadata\":",
		l->pid ? (int)l->pid
		: at   ? atoi(at + strlen("\"pid\":"))
		       : 0);
	for (int i = 0; i < PIECES; i++)
		h->pieces[i] = (struct iovec){(void *)(uintptr_t)text[i], strlen(text[i])};
}

int seccomp_apply_listened(const struct seccomp_filter *filter, const struct seccomp_listener *l,
	const char *state, struct err *err)
{
	/* One that has to be waited for without a system call gets its turn only where time is shared. */
	bool realtime = sched_getscheduler(0) == SCHED_FIFO || sched_getscheduler(0) == SCHED_RR;
	static struct handover h;
	char pid_text[48];
	int fd, r;

	h = (struct handover){.sock = l->sock};
	fill(&h, l, state, pid_text, sizeof(pid_text));
	if (thread_start(&h, err) < 0)
		return -1;
	fd = seccomp_load(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER, err);
	atomic_store(&h.fd, fd < 0 ? -1 : fd);
	while ((r = atomic_load(&h.result)) == 0)
		if (realtime)
			sched_yield();
	if (fd < 0 || r == 1)
		return fd < 0 ? -1 : 0;
	errno = -r;
	return err_sys(err, "cannot hand the filter to the seccomp listener");
}
