/* What who is attached says to the supervisor: each part one message of a socket that then is closed; to
 * the input of pipes, or, if the first byte says so, to a terminal. */
#include "fuzz/fuzz.h"

#include "base/fd.h"

int supervisor_main(int argc, char **argv);
#define main   supervisor_main
#define option supervisor_option
#include "console/ctr-supervisor.c"
#undef option
#undef main

#include <stdlib.h>

static int terminal_new(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	require(fd >= 0);
	return fd;
}

static void supervisor_init(bool tty, int sock)
{
	super = (struct supervisor){.tty = tty ? terminal_new() : -1, .drain_until = NEVER};
	super.in_fd = tty ? super.tty : open("/dev/null", O_WRONLY | O_CLOEXEC);
	super.tty_peer = -1;
	super.out_fd = super.err_fd = -1;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		super.client[i].fd = -1;
	client_accept(sock);
	require(super.client[0].fd == sock);
}

static void check_state(void)
{
	struct winsize w;

	require(super.in_pos <= super.in_len && super.in_len <= sizeof(super.in));
	if (super.tty >= 0)
		require(ioctl(super.tty, TIOCGWINSZ, &w) == 0);
	/* A terminal that nobody reads takes no more: whoever reads it does. */
	if (input_pending())
		super.in_pos = super.in_len = 0;
}

static void serve_messages(struct fuzz_input *in, int theirs)
{
	struct client *c = &super.client[0];

	while (in->size && c->fd >= 0) {
		size_t len;
		autofree char *message = fuzz_part(in, &len);

		require(send(theirs, message, len, MSG_NOSIGNAL) == (ssize_t)len);
		client_serve(c, POLLIN);
		check_state();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	bool tty = size && data[0] == 't';
	int socks[2];

	if (tty)
		in = (struct fuzz_input){data + 1, size - 1};
	require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) == 0);
	supervisor_init(tty, socks[0]);
	serve_messages(&in, socks[1]);
	close(socks[1]);
	client_serve(&super.client[0], POLLIN | POLLHUP);
	require(super.client[0].fd < 0);
	if (super.tty >= 0)
		close(super.tty);
	else
		fd_close(&super.in_fd);
	return 0;
}
