#include "base/streams.h"

#include "base/fd.h"

#include <fcntl.h>
#include <unistd.h>

static bool has_null(const int fds[3])
{
	return fds[0] == STREAM_NULL || fds[1] == STREAM_NULL || fds[2] == STREAM_NULL;
}

int streams_apply(const int fds[3], struct err *err)
{
	autofd int null_in = -1, null_out = -1;
	int up[3], ends[2];

	if (has_null(fds)) {
		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
			return err_sys(err, "cannot make a pipe");
		null_in = ends[0];
		null_out = ends[1];
	}
	/* First out of the way of 0 to 2, so that none overwrites another. */
	for (int i = 0; i < 3; i++) {
		int from = fds[i] != STREAM_NULL ? fds[i] : i ? null_out : null_in;

		up[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 3);
		if (from >= 0 && up[i] < 0)
			return err_sys(err, "cannot set up standard streams");
	}
	for (int i = 0; i < 3; i++) {
		if (up[i] >= 0 && dup2(up[i], i) < 0)
			return err_sys(err, "cannot set up standard streams");
		if (up[i] >= 0)
			close(up[i]);
	}
	return 0;
}
