#include "base/await.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>

int await_readable(int fd, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int ms = deadline_poll_ms(deadline_ns), n = poll(&p, 1, ms);

		if (n > 0 || (n < 0 && errno != EINTR))
			return n;
		if (ms == 0)
			return 0;
	}
}
