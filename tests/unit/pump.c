#include "base/pump.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int ours[2], theirs[2]; /* pipes */

static void pipes(void)
{
	cr_assert(zero(int, pipe2(ours, O_CLOEXEC)));
	cr_assert(zero(int, pipe2(theirs, O_CLOEXEC)));
}

static void put(int fd, size_t n)
{
	char *text = calloc(1, n);

	memset(text, 'x', n);
	cr_assert(eq(sz, (size_t)write(fd, text, n), n));
	free(text);
}

static size_t got(int fd, size_t max)
{
	char *text = malloc(max);
	ssize_t n = read(fd, text, max);

	free(text);
	return n < 0 ? 0 : (size_t)n;
}

/* As long as there is something to be done at once; whether it took less than two seconds. */
static bool serve(struct pump *p)
{
	struct timespec a, b;
	struct pollfd polled[2];
	int n;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do {
		pump_poll(p, polled);
		n = poll(polled, 2, 0);
		pump_serve(p, polled);
		clock_gettime(CLOCK_MONOTONIC, &b);
	} while ((n > 0 || (n < 0 && errno == EINTR)) && !p->over && b.tv_sec - a.tv_sec < 2);
	return b.tv_sec - a.tv_sec < 2;
}

static int flags_of(int fd)
{
	return fcntl(fd, F_GETFL) & O_NONBLOCK;
}

/* All that comes out of fd meanwhile. */
static size_t serve_to_the_end(struct pump *p, int fd)
{
	size_t sum = 0, n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	do {
		cr_assert(serve(p));
		n = got(fd, 1 << 20);
		sum += n;
	} while (n || !p->over);
	return sum;
}

Test(pump, a_full_pipe_is_waited_for_and_stays_blocking)
{
	struct pump p;

	pipes();
	pump_out(&p, ours[0], theirs[1]);
	for (int i = 0; i < 2; i++) {
		put(ours[1], 60000);
		cr_expect(serve(&p));
	}
	cr_expect(p.wants_room);
	cr_expect(zero(int, flags_of(theirs[1])));
	close(ours[1]);
	cr_expect(eq(sz, serve_to_the_end(&p, theirs[0]), 120000));
	cr_expect(zero(int, p.error));
}

Test(pump, a_pipe_into_which_others_write_as_well_is_no_trap)
{
	struct pollfd polled[2];
	struct pump p;

	pipes();
	pump_out(&p, ours[0], theirs[1]);
	put(ours[1], 4096);
	pump_poll(&p, polled);
	cr_expect(eq(int, poll(polled, 2, 0), 1));
	put(theirs[1], 65536); /* somebody else was first */
	alarm(5);
	pump_serve(&p, polled);
	alarm(0);
	cr_expect(p.wants_room);
}

Test(pump, a_terminal_that_takes_nothing_is_no_trap)
{
	struct pollfd polled[2];
	struct pump p;
	int master, slave;

	pipes();
	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	pump_out(&p, ours[0], slave);
	put(ours[1], 65536);
	cr_expect(serve(&p));
	/* And one that poll(2) was wrong about. */
	pump_poll(&p, polled);
	polled[1].revents = POLLOUT;
	pump_serve(&p, polled);
	cr_expect(not(p.over));
	cr_expect(zero(int, flags_of(slave)));
}

Test(pump, all_that_a_terminal_holds_comes_and_no_more_of_what_follows)
{
	int master, slave;
	ssize_t n, held = 0;
	struct pump p;

	pipes();
	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	cr_assert(zero(int, fcntl(slave, F_SETFL, O_NONBLOCK)));
	cr_assert(ge(int, fcntl(theirs[1], F_SETPIPE_SZ, 1 << 20), 1 << 20));
	while ((n = write(slave, (char[4096]){0}, 4096)) > 0)
		held += n;
	cr_assert(ge(int, (int)held, 8192));
	pump_out(&p, master, theirs[1]);
	pump_bound(&p);
	for (int i = 0; i < 1000 && !pump_is_over(&p); i++)
		serve(&p);
	cr_expect(p.over);
	cr_expect(eq(int, (int)got(theirs[0], 1 << 20), (int)held));
	/* Its slave is not closed, and goes on. */
	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	cr_assert(zero(int, fcntl(slave, F_SETFL, O_NONBLOCK)));
	pump_out(&p, master, theirs[1]);
	pump_bound(&p);
	for (held = 0; !p.over && held<1 << 20; held += n> 0 ? n : 0) {
		n = write(slave, (char[4096]){0}, 4096);
		serve(&p);
	}
	cr_expect(p.over);
}

Test(pump, a_terminal_with_nobody_at_its_other_side_is_an_end)
{
	int master, slave;
	struct pump p;

	pipes();
	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	pump_out(&p, master, theirs[1]);
	put(slave, 100);
	close(slave);
	cr_expect(serve(&p));
	cr_expect(p.over);
	cr_expect(zero(int, p.error));
	cr_expect(eq(sz, got(theirs[0], 1000), (size_t)100));
}

Test(pump, a_reader_that_has_gone_is_an_end)
{
	struct pump p;

	pipes();
	pump_out(&p, ours[0], theirs[1]);
	close(theirs[0]);
	serve(&p);
	cr_expect(p.over);
	cr_expect(zero(int, p.error));
	signal(SIGPIPE, SIG_IGN);
	cr_expect(eq(int, (int)write(ours[1], "x", 1), -1));
	cr_expect(eq(int, errno, EPIPE));
}

Test(pump, appending_and_full_disks)
{
	char name[] = "/tmp/pump.XXXXXX";
	struct pump p;
	int fd = mkstemp(name), full = open("/dev/full", O_WRONLY);

	pipes();
	put(fd, 10);
	fcntl(fd, F_SETFL, O_APPEND);
	pump_out(&p, ours[0], fd);
	put(ours[1], 20);
	close(ours[1]);
	serve(&p);
	cr_expect(p.over);
	cr_expect(eq(i64, lseek(fd, 0, SEEK_END), 30));
	unlink(name);
	pipes();
	pump_out(&p, ours[0], full);
	put(ours[1], 20);
	serve(&p);
	cr_expect(p.over);
	cr_expect(eq(int, p.error, ENOSPC));
}

Test(pump, a_socket_is_not_waited_for)
{
	struct pump p;
	int sock[2];

	pipes();
	cr_assert(zero(int, socketpair(AF_UNIX, SOCK_STREAM, 0, sock)));
	pump_out(&p, ours[0], sock[0]);
	for (int i = 0; i < 100 && !p.wants_room; i++) {
		put(ours[1], 60000);
		cr_expect(serve(&p));
	}
	cr_expect(p.wants_room);
	cr_expect(zero(int, flags_of(sock[0])));
}

Test(pump, what_comes_after_the_bound_does_not_count)
{
	struct pump p;

	pipes();
	pump_out(&p, ours[0], theirs[1]);
	put(ours[1], 100);
	pump_bound(&p);
	put(ours[1], 100);
	serve(&p);
	cr_expect(p.over);
	cr_expect(eq(sz, got(theirs[0], 1000), 100));
}

Test(pump, input_and_its_end)
{
	struct pump p;

	pipes();
	pump_in(&p, theirs[0], ours[1]);
	put(theirs[1], 60000);
	cr_expect(serve(&p));
	cr_expect(zero(int, flags_of(theirs[0])));
	close(theirs[1]);
	cr_expect(eq(sz, serve_to_the_end(&p, ours[0]), 60000));
}

Test(pump, what_somebody_else_has_read_is_no_trap)
{
	struct pollfd polled[2] = {{0, 0, POLLIN}, {0}};
	struct pump p;
	int master, slave;

	pipes();
	pump_in(&p, theirs[0], ours[1]);
	alarm(5);
	pump_serve(&p, polled);
	cr_expect(not(p.over));
	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	pump_in(&p, slave, ours[1]);
	pump_serve(&p, polled);
	cr_expect(not(p.over));
	alarm(0);
}

/* A page that was lent to a pipe is still its owner's. */
static void lend_and_change(struct pump *p, int to, int from)
{
	char *page = aligned_alloc(4096, 4096), seen[4096];
	const struct iovec v = {page, 4096};

	memset(page, 'a', 4096);
	cr_assert(eq(int, (int)vmsplice(to, &v, 1, 0), 4096));
	cr_expect(serve(p));
	memset(page, 'b', 4096);
	cr_assert(eq(int, (int)read(from, seen, sizeof(seen)), 4096));
	for (size_t i = 0; i < sizeof(seen); i++)
		cr_assert(eq(chr, seen[i], 'a'));
	free(page);
}

Test(pump, what_was_taken_does_not_change)
{
	struct pump p;

	pipes();
	pump_out(&p, ours[0], theirs[1]);
	lend_and_change(&p, ours[1], theirs[0]);
	pump_close(&p);
	pipes();
	pump_in(&p, theirs[0], ours[1]);
	lend_and_change(&p, theirs[1], ours[0]);
}

Test(pump, pages_of_a_file_do_not_go_in)
{
	char name[] = "/tmp/pump.XXXXXX", seen[4096];
	struct pump p;
	int fd = mkstemp(name);

	pipes();
	put(fd, 4096);
	lseek(fd, 0, SEEK_SET);
	cr_assert(eq(int, (int)splice(fd, NULL, theirs[1], NULL, 4096, 0), 4096));
	pump_in(&p, theirs[0], ours[1]);
	cr_expect(serve(&p));
	cr_assert(eq(int, (int)pwrite(fd, "changed", 7, 0), 7));
	cr_assert(eq(int, (int)read(ours[0], seen, sizeof(seen)), 4096));
	cr_expect(eq(chr, seen[0], 'x'));
	unlink(name);
}

Test(pump, packets_become_bytes)
{
	struct pump p;
	char c;

	pipes();
	cr_assert(zero(int, fcntl(ours[1], F_SETFL, O_DIRECT)));
	pump_out(&p, ours[0], theirs[1]);
	put(ours[1], 10);
	cr_expect(serve(&p));
	cr_assert(eq(int, (int)read(theirs[0], &c, 1), 1));
	cr_expect(eq(sz, got(theirs[0], 100), 9));
}

Test(pump, a_size_that_was_chosen_stays)
{
	struct pump p;

	pipes();
	fcntl(theirs[1], F_SETPIPE_SZ, 128 << 10);
	pump_out(&p, ours[0], theirs[1]);
	for (int i = 0; i < 100; i++) {
		put(ours[1], 60000);
		cr_expect(serve(&p));
		got(theirs[0], 1 << 20);
	}
	cr_expect(p.grown);
	cr_expect(eq(int, fcntl(theirs[1], F_GETPIPE_SZ), 128 << 10));
}
