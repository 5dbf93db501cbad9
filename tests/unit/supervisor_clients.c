#include "supervisor/clients.h"

#include "base/clock.h"
#include "base/pace.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each test is a process of its own. */
static struct terminal terminal = {-1, -1};
static struct input input = {.fd = -1, .terminal = &terminal};
static struct clients clients;
static uint64_t now = 100 * SECOND_NS;

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_len = sizeof(address);

static int typed[2]; /* what the container reads of pipes */

static void start(void)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Without a name the kernel gives one of its own. */
	cr_assert(eq(int, bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), 0));
	cr_assert(eq(int, listen(listener, 20), 0));
	getsockname(listener, (struct sockaddr *)&address, &address_len);
	cr_assert(eq(int, pipe2(typed, O_CLOEXEC | O_NONBLOCK), 0));
	input.fd = typed[1];
	clients_start(&clients, listener, &input);
}

static void start_terminal(void)
{
	start();
	cr_assert(eq(int, openpty(&terminal.fd, &terminal.peer, NULL, NULL, NULL), 0));
	fcntl(terminal.fd, F_SETFL, O_NONBLOCK);
	input.fd = terminal.fd;
}

static int attach(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	cr_assert(eq(int, connect(fd, (struct sockaddr *)&address, address_len), 0));
	clients_accept(&clients);
	return fd;
}

static void say(int fd, const char *message, size_t len)
{
	cr_assert(eq(int, (int)send(fd, message, len, MSG_NOSIGNAL), (int)len));
}

/* One turn of the supervisor, as far as clients are concerned. */
static void turn(void)
{
	struct pollfd p[ATTACH_CLIENTS_MAX];

	clients_poll(&clients, p);
	poll(p, ATTACH_CLIENTS_MAX, 0);
	clients_serve(&clients, p, now);
}

static void output(const char *text)
{
	memcpy(clients.out + 1, text, strlen(text));
	clients_send(&clients, ATTACH_OUT, (unsigned)strlen(text), now);
}

/* The next message, its kind first; "" at the end, "-" if there is none. */
static const char *heard(int fd)
{
	static char text[ATTACH_MESSAGE_MAX + 1];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? "-" : "";
	text[n] = '\0';
	return text;
}

#define assert_heard(fd, expected)                                                                 \
	do {                                                                                       \
		const char *is_ = heard(fd);                                                       \
		cr_assert(eq(int, strcmp(is_, expected), 0), "heard %s", is_);                     \
	} while (0)

static int attached(void)
{
	int n = 0;

	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		n += clients.of[i].fd >= 0;
	return n;
}

/* Until it has no room for more. Returns how many bytes that were. */
static unsigned fill(void)
{
	unsigned n = 0;

	for (; !clients_behind(&clients) && n < 1 << 24; n += ATTACH_DATA_MAX) {
		memset(clients.out + 1, 'x', ATTACH_DATA_MAX);
		clients_send(&clients, ATTACH_OUT, ATTACH_DATA_MAX, now);
	}
	return n;
}

Test(supervisor_clients, all_of_them_hear_the_same)
{
	int a, b;

	start();
	a = attach();
	b = attach();
	output("hello");
	assert_heard(a, "ohello");
	assert_heard(b, "ohello");
	assert_heard(b, "-");
	cr_assert(eq(u64, clients_deadline(&clients), NEVER));
}

Test(supervisor_clients, a_slow_reader_of_a_pipe_holds_back_for_a_second)
{
	int slow, quick;
	unsigned n;

	start();
	slow = attach();
	n = fill();
	cr_assert(ge(int, (int)n, ATTACH_BACKLOG_BYTES / 2));
	cr_assert(le(int, (int)n, 2 * ATTACH_BACKLOG_BYTES));
	quick = attach();
	cr_assert(eq(u64, clients_deadline(&clients), now + ATTACH_PATIENCE_PIPE_MS * MS_NS));
	now += ATTACH_PATIENCE_PIPE_MS * MS_NS - 1;
	turn();
	cr_assert(eq(int, attached(), 2));
	now++;
	turn();
	cr_assert(eq(int, attached(), 1));
	cr_assert(not(clients_behind(&clients)));
	output("more");
	assert_heard(quick, "omore");
	while (*heard(slow) == 'o')
		;
	assert_heard(slow, "");
}

Test(supervisor_clients, a_reader_that_takes_it_in_time_has_all_of_it)
{
	unsigned n, got = 0;
	int slow;

	start();
	slow = attach();
	n = fill();
	now += ATTACH_PATIENCE_PIPE_MS * MS_NS / 2;
	while (got < n - ATTACH_DATA_MAX && *heard(slow) == 'o')
		got += ATTACH_DATA_MAX;
	turn();
	cr_assert(not(clients_behind(&clients)));
	while (*heard(slow) == 'o')
		got += ATTACH_DATA_MAX;
	cr_assert(eq(int, (int)got, (int)n));
}

Test(supervisor_clients, at_a_terminal_a_person_has_longer_until_the_container_ends)
{
	start_terminal();
	attach();
	fill();
	cr_assert(eq(u64, clients_deadline(&clients), now + ATTACH_PATIENCE_TTY_MS * MS_NS));
	clients_hurry(&clients, now);
	cr_assert(eq(u64, clients_deadline(&clients), now + ATTACH_PATIENCE_PIPE_MS * MS_NS));
}

Test(supervisor_clients, who_asks_for_patience_has_it)
{
	int endless, three;

	start();
	endless = attach();
	three = attach();
	say(endless, "p\xff\xff", 3);
	say(three, "p\3\0", 3);
	turn();
	fill();
	cr_assert(eq(u64, clients_deadline(&clients), now + 3 * SECOND_NS));
	now += 3 * SECOND_NS;
	turn();
	cr_assert(eq(int, attached(), 1));
	cr_assert(eq(u64, clients_deadline(&clients), NEVER));
	clients_hurry(&clients, now);
	cr_assert(eq(u64, clients_deadline(&clients), now + ATTACH_PATIENCE_PIPE_MS * MS_NS));
}

Test(supervisor_clients, after_the_end_nobody_has_longer_than_the_drain)
{
	start();
	attach();
	clients_hurry(&clients, now);
	now += 4500 * MS_NS;
	fill();
	cr_assert(eq(u64, clients_deadline(&clients), now + 500 * MS_NS));
	now += 500 * MS_NS;
	turn();
	cr_assert(eq(int, attached(), 0));
}

Test(supervisor_clients, one_that_goes_leaves_its_place_to_the_next)
{
	int fd[ATTACH_CLIENTS_MAX], late;

	start();
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		fd[i] = attach();
	late = attach();
	cr_assert(eq(int, *heard(late), ATTACH_REFUSED));
	assert_heard(late, "");
	close(fd[3]);
	turn();
	cr_assert(eq(int, attached(), ATTACH_CLIENTS_MAX - 1));
	late = attach();
	output("x");
	assert_heard(late, "ox");
}

Test(supervisor_clients, one_that_goes_while_it_is_sent_to_is_no_one_to_wait_for)
{
	int fd;

	start();
	fd = attach();
	fill();
	close(fd);
	turn();
	cr_assert(not(clients_any(&clients)));
	cr_assert(not(clients_behind(&clients)));
}

Test(supervisor_clients, one_that_goes_while_input_waits_leaves_its_place)
{
	static char full[1 << 17];
	int a, b;

	start();
	a = attach();
	b = attach();
	while (write(typed[1], full, sizeof(full)) > 0)
		;
	say(a, "iwaits", 6);
	turn();
	cr_assert(input_pending(&input));
	say(b, "inot read", 9);
	turn();
	cr_assert(eq(int, (int)input.len, 6));
	close(b);
	turn();
	cr_assert(eq(int, attached(), 1));
}

Test(supervisor_clients, what_one_types_reaches_the_container_and_its_end_too)
{
	char text[16] = "";
	int fd;

	start();
	fd = attach();
	say(fd, "ione\n", 5);
	turn();
	cr_assert(eq(int, (int)read(typed[0], text, sizeof(text)), 4));
	cr_assert(eq(str, text, "one\n"));
	say(fd, "c", 1);
	turn();
	cr_assert(eq(int, (int)read(typed[0], text, sizeof(text)), 0));
	cr_assert(eq(int, attached(), 1));
}

Test(supervisor_clients, who_says_what_is_no_message_is_let_go_of)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {{"i", 1}, {"c1", 2}, {"w12", 3}, {"p1", 2}, {"?", 1}};

	start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int fd = attach();

		say(fd, bad[i].text, bad[i].len);
		turn();
		cr_assert(eq(int, attached(), 0), "%s", bad[i].text);
		close(fd);
	}
}

Test(supervisor_clients, a_message_that_is_too_long_is_none)
{
	static char text[ATTACH_MESSAGE_MAX + 1] = "i";
	int fd;

	start();
	fd = attach();
	say(fd, text, sizeof(text));
	turn();
	cr_assert(eq(int, attached(), 0));
}

Test(supervisor_clients, a_window_size_is_the_terminals_and_a_new_one_sees_it_drawn)
{
	struct winsize w;
	int fd;

	start_terminal();
	fd = attach();
	say(fd, "w\x21\0\x4d\0", 5);
	turn();
	cr_assert(eq(int, ioctl(terminal.peer, TIOCGWINSZ, &w), 0));
	cr_assert(eq(int, w.ws_row, 33));
	cr_assert(eq(int, w.ws_col, 77));
}

static int resizes;

static void resized(int sig)
{
	(void)sig;
	resizes++;
}

static void resize(int fd)
{
	say(fd, "w\x21\0\x4d\0", 5);
	turn();
}

/* Exits with how many changes the foreground of the terminal was told of: three digits of base 4. */
static void resize_in_session(void)
{
	int fd = attach(), seen;

	signal(SIGWINCH, resized);
	if (setsid() < 0 || ioctl(terminal.peer, TIOCSCTTY, 0) < 0)
		_exit(255);
	resize(fd);
	seen = resizes;
	resize(fd);
	seen = seen * 4 + resizes;
	resize(attach());
	_exit(seen * 4 + resizes);
}

Test(supervisor_clients, the_same_size_again_is_a_change_for_who_is_new_only)
{
	int status;

	start_terminal();
	if (fork() == 0)
		resize_in_session();
	wait(&status);
	cr_assert(eq(int, WEXITSTATUS(status), 1 * 16 + 1 * 4 + 3));
}

Test(supervisor_clients, a_size_for_pipes_is_nothing)
{
	int fd;

	start();
	fd = attach();
	say(fd, "w\1\0\1\0", 5);
	turn();
	cr_assert(eq(int, attached(), 1));
}

Test(supervisor_clients, who_attaches_late_sees_what_was_before)
{
	start_terminal();
	clients_replay(&clients, "$ ", 2);
	assert_heard(attach(), "b$ ");
}

Test(supervisor_clients, what_was_before_begins_with_a_whole_line)
{
	static char half[ATTACH_REPLAY / 2];

	start_terminal();
	memset(half, 'x', sizeof(half));
	clients_replay(&clients, half, sizeof(half));
	clients_replay(&clients, half, sizeof(half) - 10);
	clients_replay(&clients, "\nsecond\nthird", 13);
	assert_heard(attach(), "bsecond\nthird");
}

Test(supervisor_clients, after_a_takeover_those_who_are_attached_still_are)
{
	int fd;

	start();
	fd = attach();
	fill();
	clients_recover(&clients);
	cr_assert(not(clients_behind(&clients)));
	while (*heard(fd) == 'o')
		;
	output("on");
	assert_heard(fd, "oon");
}
