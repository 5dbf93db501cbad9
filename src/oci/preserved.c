#include "oci/preserved.h"

#include "base/fd.h"
#include "base/num.h"
#include "oci/command.h"
#include "spec/environment.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

enum { FIRST = 3, LISTEN_FDS_MAX = 1024 };

/* sd_listen_fds(3). */
static int listen_fds(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	struct err ignored;
	int n, whose;

	if (!fds || option_number("LISTEN_FDS", fds, &n, &ignored) < 0 || n > LISTEN_FDS_MAX)
		return 0;
	if (pid && (option_number("LISTEN_PID", pid, &whose, &ignored) < 0 || whose != getpid()))
		return 0;
	return n;
}

/* What is closed on exec is no descriptor that we were given, but one of ours. */
static bool is_given(int fd)
{
	return fcntl(fd, F_GETFD) == 0;
}

/* The caller may ask for more than there are numbers: those that are there are looked at. */
static int count_given(unsigned wanted, unsigned *ret_count, unsigned *ret_span, struct err *err)
{
	autodir DIR *d = dir_open_at(AT_FDCWD, "/proc/self/fd");
	unsigned count = 0, span = 0;
	struct dirent *e;
	uint32_t fd;

	if (!d)
		return err_sys(err, "open /proc/self/fd");
	while ((e = readdir(d)))
		if (num_parse_u32(e->d_name, &fd) == 0 && fd >= FIRST && fd - FIRST < wanted &&
			is_given((int)fd)) {
			count++;
			if (fd - FIRST + 1 > span)
				span = fd - FIRST + 1;
		}
	*ret_count = count;
	*ret_span = span;
	return 0;
}

int preserved_fds(const char *option, struct spec *spec, unsigned *ret, struct err *err)
{
	int n = 0, listening = listen_fds();
	unsigned wanted, count = 0, span = 0;

	if (option && option_number("--preserve-fds", option, &n, err) < 0)
		return -1;
	wanted = (unsigned)n + (unsigned)listening;
	if (wanted && count_given(wanted, &count, &span, err) < 0)
		return -1;
	if (count < wanted)
		warn("%s: %u of the %u descriptors from %d on are not open",
			n ? "--preserve-fds" : "LISTEN_FDS", wanted - count, wanted, FIRST);
	if (listening) {
		env_set(spec, arena_printf(&spec->arena, "LISTEN_FDS=%d", listening));
		env_set(spec, "LISTEN_PID=1");
	}
	*ret = span;
	return 0;
}
