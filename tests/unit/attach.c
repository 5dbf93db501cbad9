#include "console/attach.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err err;
static int sock[2], in[2], out[2], error[2];

/* The other side says all it has to say beforehand: the socket keeps it. */
static void setup(void)
{
	cr_assert(zero(int, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock)));
	cr_assert(zero(int, pipe2(in, O_CLOEXEC)));
	cr_assert(zero(int, pipe2(out, O_NONBLOCK)));
	cr_assert(zero(int, pipe2(error, O_NONBLOCK)));
}

static void say(const char *message, size_t len)
{
	cr_assert(eq(int, (int)send(sock[1], message, len, 0), (int)len));
}

static int run(int stdin_fd, int *status, enum attach_how *how)
{
	struct attach_options o = {.stdin_fd = stdin_fd,
		.stdout_fd = out[1],
		.stderr_fd = error[1],
		.end_fd = -1};

	return attach_run(sock[0], &o, status, how, &err);
}

static void expect_bytes(int fd, const char *want)
{
	char got[256] = "";

	cr_expect(eq(int, (int)read(fd, got, sizeof(got) - 1), (int)strlen(want)));
	cr_expect(eq(str, got, (char *)want));
}

TestSuite(attach, .init = setup, .timeout = 60);

Test(attach, output_and_status)
{
	enum attach_how how;
	int status;

	say("oout", 4);
	say("eerr", 4);
	say("x\xff", 2);
	cr_assert(zero(int, run(-1, &status, &how)), "%s", err.text);
	cr_expect(eq(int, how, ATTACH_EXITED));
	cr_expect(eq(int, status, 255));
	expect_bytes(out[0], "out");
	expect_bytes(error[0], "err");
}

Test(attach, loss_is_told)
{
	enum attach_how how;
	int status = 77;

	say("olast", 5);
	close(sock[1]);
	cr_assert(zero(int, run(-1, &status, &how)));
	cr_expect(eq(int, how, ATTACH_LOST));
	cr_expect(eq(int, status, 77));
	expect_bytes(out[0], "last");
}

/* A supervisor that goes with input unread resets the socket; what it said before still counts. */
Test(attach, status_survives_a_reset)
{
	enum attach_how how;
	int status;

	send(sock[0], "iunread", 7, 0);
	say("olast", 5);
	say("x\x03", 2);
	close(sock[1]);
	cr_assert(zero(int, run(-1, &status, &how)));
	cr_expect(eq(int, how, ATTACH_EXITED));
	cr_expect(eq(int, status, 3));
	expect_bytes(out[0], "last");
}

Test(attach, refusal_and_nonsense_are_errors)
{
	enum attach_how how;
	int status;

	say("rfull", 5);
	cr_expect(eq(int, run(-1, &status, &how), -1));
	cr_expect(eq(str, err.text, "cannot attach: full"));
	say("?", 1);
	cr_expect(eq(int, run(-1, &status, &how), -1));
	say("x", 1);
	cr_expect(eq(int, run(-1, &status, &how), -1));
}

static int forward_and_end(void *arg, int sig)
{
	*(int *)arg = sig;
	say("x\0", 2);
	return 0;
}

Test(attach, signals_are_forwarded_or_end_it)
{
	int seen = 0, status = 0;
	struct attach_options o = {.stdin_fd = -1,
		.stdout_fd = out[1],
		.stderr_fd = error[1],
		.end_fd = -1,
		.forward = forward_and_end,
		.forward_arg = &seen};
	enum attach_how how;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	cr_assert(zero(int, attach_run(sock[0], &o, &status, &how, &err)));
	cr_expect(eq(int, seen, SIGTERM));
	cr_expect(eq(int, how, ATTACH_EXITED));
	raise(SIGTERM);
	o.forward = NULL;
	cr_assert(zero(int, attach_run(sock[0], &o, &status, &how, &err)));
	cr_expect(eq(int, how, ATTACH_SIGNALLED));
	cr_expect(eq(int, status, 128 + SIGTERM));
}

static void expect_message(const char *want, size_t len)
{
	char got[ATTACH_MESSAGE_MAX];
	ssize_t n = recv(sock[1], got, sizeof(got), MSG_DONTWAIT);

	cr_assert(eq(int, (int)n, (int)len));
	cr_expect(zero(int, memcmp(got, want, len)));
}

/* A thread-free partner: a child that ends the session once the input's end arrived. */
static void end_after_input(void)
{
	char m[ATTACH_MESSAGE_MAX];

	if (fork() > 0)
		return;
	while (recv(sock[1], m, sizeof(m), MSG_PEEK) > 0 && m[0] != 'c')
		(void)!write(out[1], m, (size_t)recv(sock[1], m, sizeof(m), 0));
	send(sock[1], "x\0", 2, 0);
	_exit(0);
}

Test(attach, input_then_its_end)
{
	enum attach_how how;
	int status;

	(void)!write(in[1], "typed", 5);
	close(in[1]);
	end_after_input();
	cr_assert(zero(int, run(in[0], &status, &how)));
	cr_expect(eq(int, how, ATTACH_EXITED));
	expect_bytes(out[0], "ityped");
	expect_message("c", 1);
}

Test(attach, socket_is_private_and_found_again)
{
	char dir[] = "/tmp/attach.XXXXXX";
	struct stat st;
	int fd, listener, client;

	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	cr_expect(eq(int, attach_connect(fd, "s", &err), -1));
	cr_expect(eq(int, err.sys, ENOENT));
	listener = attach_listen(fd, "s", &err);
	cr_assert(ge(int, listener, 0));
	close(listener);
	cr_expect(eq(int, attach_connect(fd, "s", &err), -1));
	cr_expect(eq(int, err.sys, ECONNREFUSED));
	listener = attach_listen(fd, "s", &err);
	client = attach_connect(fd, "s", &err);
	cr_expect(ge(int, client, 0), "%s", err.text);
	fstatat(fd, "s", &st, 0);
	cr_expect(eq(int, (int)(st.st_mode & 07777), 0600));
	unlinkat(fd, "s", 0);
	rmdir(dir);
}
