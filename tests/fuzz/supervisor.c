/* What who is attached says to the supervisor: each part one message of a socket that then is closed; to
 * the input of pipes, or, if the first byte says so, to a terminal. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "supervisor/clients.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct terminal terminal;
static struct input input;
static struct clients clients;

static int terminal_new(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	require(fd >= 0);
	return fd;
}

/* Returns the end of one who is attached. */
static int attach(void)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(any);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	autofd int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Without a name the kernel gives one of its own. */
	require(bind(listener, (struct sockaddr *)&any, sizeof(any.sun_family)) == 0);
	require(listen(listener, 1) == 0);
	require(getsockname(listener, (struct sockaddr *)&any, &len) == 0);
	require(connect(fd, (struct sockaddr *)&any, len) == 0);
	clients_start(&clients, listener, &input);
	clients_accept(&clients);
	require(clients_any(&clients));
	return fd;
}

static int supervisor_init(bool tty)
{
	terminal = (struct terminal){tty ? terminal_new() : -1, -1};
	input = (struct input){.terminal = &terminal};
	input.fd = tty ? terminal.fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
	clients = (struct clients){.input = NULL};
	return attach();
}

static void serve(short events)
{
	struct pollfd p[ATTACH_CLIENTS_MAX] = {{.revents = events}};

	clients_serve(&clients, p, 0);
}

static void check_state(void)
{
	struct winsize w;

	require(input.pos <= input.len && input.len <= sizeof(input.message));
	if (terminal.fd >= 0)
		require(ioctl(terminal.fd, TIOCGWINSZ, &w) == 0);
	/* A terminal that nobody reads takes no more: whoever reads it does. */
	if (input_pending(&input))
		input.pos = input.len = 0;
}

static void serve_messages(struct fuzz_input *in, int theirs)
{
	while (in->size && clients_any(&clients)) {
		size_t len;
		autofree char *message = fuzz_part(in, &len);

		require(send(theirs, message, len, MSG_NOSIGNAL) == (ssize_t)len);
		serve(POLLIN);
		check_state();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	bool tty = size && data[0] == 't';
	int theirs;

	if (tty)
		in = (struct fuzz_input){data + 1, size - 1};
	theirs = supervisor_init(tty);
	serve_messages(&in, theirs);
	close(theirs);
	serve(POLLIN | POLLHUP);
	require(!clients_any(&clients));
	if (tty)
		close(terminal.fd);
	else
		fd_forget(&input.fd);
	return 0;
}
