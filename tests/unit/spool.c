#include "console/spool.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static size_t drained(int fd, char *to, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while (n < room && (got = read(fd, to + n, room - n)) > 0)
		n += (size_t)got;
	return n;
}

Test(spool, pieces_come_out_in_order_where_they_belong)
{
	struct spool s = {0};
	int a[2], b[2];
	char text[64];

	cr_assert(zero(int, pipe2(a, O_NONBLOCK)));
	cr_assert(zero(int, pipe2(b, O_NONBLOCK)));
	cr_expect(eq(int, spool_fd(&s), -1));
	spool_add(&s, a[1], "one", 3);
	spool_add(&s, b[1], "", 0);
	spool_add(&s, b[1], "two", 3);
	spool_add(&s, a[1], "three", 5);
	cr_expect(eq(int, spool_fd(&s), a[1]));
	cr_expect(zero(int, spool_write(&s)));
	cr_expect(eq(int, spool_fd(&s), b[1]));
	while (spool_bytes(&s))
		cr_assert(zero(int, spool_write(&s)));
	cr_expect(eq(int, spool_fd(&s), -1));
	cr_expect(eq(sz, drained(a[0], text, sizeof(text)), 8));
	cr_expect(zero(int, memcmp(text, "onethree", 8)));
	cr_expect(eq(sz, drained(b[0], text, sizeof(text)), 3));
	spool_drop(&s);
}

/* More goes in than comes out, then the rest: nothing is lost, doubled or turned round. */
Test(spool, a_slow_reader_gets_every_byte)
{
	enum { MESSAGES = 300, SIZE = 8192 };
	static unsigned char sent[SIZE], got[65536];
	unsigned char next = 0, want = 0;
	struct spool s = {0};
	int p[2];

	cr_assert(zero(int, pipe2(p, O_NONBLOCK)));
	for (int i = 0; i < 20 * MESSAGES && (i < MESSAGES || spool_bytes(&s)); i++) {
		size_t n;

		for (size_t k = 0; k < SIZE && i < MESSAGES; k++)
			sent[k] = next++;
		if (i < MESSAGES)
			cr_assert(zero(int, spool_add(&s, p[1], sent, SIZE - (size_t)(i % 7))));
		next -= (unsigned char)(i < MESSAGES ? i % 7 : 0);
		if (spool_bytes(&s))
			cr_assert(zero(int, spool_write(&s)));
		n = drained(p[0], (char *)got, sizeof(got));
		for (size_t k = 0; k < n; k++)
			cr_assert(eq(int, got[k], want++));
	}
	cr_expect(eq(int, want, next));
	cr_expect(zero(sz, spool_bytes(&s)));
	spool_drop(&s);
}

Test(spool, a_terminal_that_takes_nothing_is_not_waited_for, .timeout = 10)
{
	struct spool s = {0};
	int master, slave;

	cr_assert(zero(int, openpty(&master, &slave, NULL, NULL, NULL)));
	for (int i = 0; i < 20; i++)
		spool_add(&s, slave, (char[8192]){'x'}, 8192);
	for (struct pollfd p = {slave, POLLOUT, 0}; poll(&p, 1, 0) > 0;)
		cr_assert(zero(int, spool_write(&s)));
	/* And where poll(2) was wrong. */
	cr_assert(zero(int, spool_write(&s)));
	cr_expect(not(zero(sz, spool_bytes(&s))));
	spool_drop(&s);
}

Test(spool, a_reader_that_has_gone_is_told)
{
	struct spool s = {0};
	int p[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert(zero(int, pipe2(p, O_NONBLOCK)));
	close(p[0]);
	spool_add(&s, p[1], "x", 1);
	cr_expect(eq(int, spool_write(&s), -1));
	cr_expect(eq(int, errno, EPIPE));
	spool_drop(&s);
}
