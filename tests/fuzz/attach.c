/* What a supervisor says to who is attached: each part one message of a socket that then is closed. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "console/attach.h"

#include <fcntl.h>
#include <sys/socket.h>

enum { LEFT_ALONE = 1000 };

/* What the socket has no room for is not said. */
static void say_all(int sock, struct fuzz_input *in)
{
	while (in->size) {
		size_t len;
		autofree char *message = fuzz_part(in, &len);

		(void)!send(sock, message, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int null = -1;
	struct fuzz_input in = {data, size};
	struct attach_options o = {.stdin_fd = -1, .end_fd = -1};
	int socks[2], status = LEFT_ALONE;
	enum attach_how how;
	struct err err = {0};

	if (null < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	o.stdout_fd = o.stderr_fd = null;
	require(null >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) == 0);
	say_all(socks[0], &in);
	close(socks[0]);
	if (attach_run(socks[1], &o, &status, &how, &err) < 0) {
		fuzz_refused(&err);
		require(status == LEFT_ALONE);
	} else if (how == ATTACH_EXITED) {
		require(status >= 0 && status <= UINT8_MAX);
	} else {
		require(how == ATTACH_LOST && status == LEFT_ALONE);
	}
	close(socks[1]);
	return 0;
}
