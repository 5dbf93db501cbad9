#include "supervisor/clients.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/pace.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const uint64_t drain_ns = 5 * SECOND_NS; /* clients' time to take the last output */

void clients_start(struct clients *c, int listener, struct input *input)
{
	c->listen = listener;
	c->input = input;
	c->drain_until = NEVER;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		c->of[i].fd = -1;
}

static void client_drop(struct client *one)
{
	fd_forget(&one->fd);
	one->behind = one->sized = false;
	one->waits = 0;
}

static uint64_t patience(const struct clients *c, const struct client *one, uint64_t now)
{
	bool ended = c->drain_until != NEVER;
	bool person = c->input->terminal->fd >= 0 && !ended;

	if (one->waits && !ended)
		return one->waits == NEVER ? NEVER : now + one->waits;
	return now + (person ? ATTACH_PATIENCE_TTY_MS : ATTACH_PATIENCE_PIPE_MS) * MS_NS;
}

/* The message stays in out until everybody has it; no output is read before that. */
static void client_send(struct clients *c, struct client *one, uint64_t now)
{
	if (one->fd < 0)
		return;
	if (send(one->fd, c->out, c->out_len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
		one->behind = false;
	} else if (errno != EAGAIN) {
		client_drop(one);
	} else if (!one->behind) {
		one->behind = true;
		one->patience = patience(c, one, now);
	} else if (now >= one->patience || now >= c->drain_until) {
		client_drop(one);
	}
}

void clients_send(struct clients *c, enum attach_kind kind, unsigned len, uint64_t now)
{
	c->out[0] = (char)kind;
	c->out_len = 1 + len;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		client_send(c, &c->of[i], now);
}

bool clients_behind(const struct clients *c)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (c->of[i].behind)
			return true;
	return false;
}

bool clients_any(const struct clients *c)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (c->of[i].fd >= 0)
			return true;
	return false;
}

static void message_send(int fd, enum attach_kind kind, const char *data, unsigned len)
{
	char k = (char)kind;
	struct iovec iov[2] = {{&k, 1}, {(char *)data, len}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

	(void)sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* From the first whole line, so that it begins neither inside a character nor an escape sequence. */
static void replay_send(const struct clients *c, int fd)
{
	const char *from = c->replay, *newline = NULL;
	unsigned len = c->replay_len;

	if (c->replay_cut)
		newline = memchr(from, '\n', len);
	if (newline) {
		len -= (unsigned)(newline + 1 - from);
		from = newline + 1;
	}
	if (len)
		message_send(fd, ATTACH_BEFORE, from, len);
}

void clients_replay(struct clients *c, const char *data, unsigned len)
{
	unsigned room = ATTACH_REPLAY - c->replay_len, excess = len > room ? len - room : 0;

	if (excess) {
		unsigned keep = c->replay_len > excess ? c->replay_len - excess : 0;
		memmove(c->replay, c->replay + c->replay_len - keep, keep);
		c->replay_len = keep;
		c->replay_cut = true;
	}
	memcpy(c->replay + c->replay_len, data, len);
	c->replay_len += len;
}

static struct client *place_free(struct clients *c)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (c->of[i].fd < 0)
			return &c->of[i];
	return NULL;
}

static void client_accept(struct clients *c, int fd)
{
	static const char full[] = "too many clients are attached already";
	int half = ATTACH_BACKLOG_BYTES / 2; /* the kernel doubles it */
	struct client *one = place_free(c);

	if (!one) {
		message_send(fd, ATTACH_REFUSED, full, sizeof(full) - 1);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
	one->fd = fd;
	replay_send(c, fd);
}

void clients_accept(struct clients *c)
{
	for (int i = 0; i < 2 * ATTACH_CLIENTS_MAX; i++) {
		int fd = accept4(c->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		client_accept(c, fd);
	}
}

static unsigned u16_at(const char *p)
{
	return (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

/* A client that attaches anew wants the screen drawn. */
static void window_set(const struct clients *c, struct client *one, const char *data)
{
	terminal_resize(c->input->terminal, u16_at(data), u16_at(data + 2), !one->sized);
	one->sized = true;
}

static void patience_set(const struct clients *c, struct client *one, const char *data,
	uint64_t now)
{
	unsigned seconds = u16_at(data);

	one->waits = seconds == ATTACH_PATIENCE_ENDLESS ? NEVER : seconds * SECOND_NS;
	if (one->behind)
		one->patience = patience(c, one, now);
}

static void client_read(struct clients *c, struct client *one, uint64_t now)
{
	struct input *in = c->input;
	char *message = in->message;
	ssize_t n = recv(one->fd, message, sizeof(in->message), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || n > (ssize_t)sizeof(in->message))
		client_drop(one);
	else if (message[0] == ATTACH_INPUT && n > 1)
		input_data(in, (unsigned)n);
	else if (message[0] == ATTACH_INPUT_END && n == 1)
		input_end(in);
	else if (message[0] == ATTACH_WINDOW && n == 5)
		window_set(c, one, message + 1);
	else if (message[0] == ATTACH_PATIENCE && n == 3)
		patience_set(c, one, message + 1, now);
	else
		client_drop(one);
}

/* With input pending nobody is read from, but a place must not stay with who has gone. */
static void client_serve(struct clients *c, struct client *one, short events, uint64_t now)
{
	if (one->fd < 0)
		return;
	if (one->behind && (events || now >= one->patience || now >= c->drain_until))
		client_send(c, one, now);
	if (one->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR))) {
		if (!input_pending(c->input))
			client_read(c, one, now);
		else if (events & (POLLHUP | POLLERR))
			client_drop(one);
	}
}

void clients_serve(struct clients *c, const struct pollfd p[ATTACH_CLIENTS_MAX], uint64_t now)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		client_serve(c, &c->of[i], p[i].revents, now);
}

void clients_poll(const struct clients *c, struct pollfd p[ATTACH_CLIENTS_MAX])
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++) {
		const struct client *one = &c->of[i];
		int events = (input_pending(c->input) ? 0 : POLLIN) | (one->behind ? POLLOUT : 0);

		p[i] = (struct pollfd){one->fd, (short)events, 0};
	}
}

uint64_t clients_deadline(const struct clients *c)
{
	uint64_t t = NEVER;

	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (c->of[i].behind)
			t = earlier(t, earlier(c->of[i].patience, c->drain_until));
	return t;
}

void clients_hurry(struct clients *c, uint64_t now)
{
	c->drain_until = now + drain_ns;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		c->of[i].patience = earlier(c->of[i].patience, patience(c, &c->of[i], now));
}

void clients_recover(struct clients *c)
{
	c->replay_len = 0;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		c->of[i].behind = false;
}
