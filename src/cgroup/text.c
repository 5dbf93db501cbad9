#include "cgroup/text.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>

/* EOPNOTSUPP: pressure that is switched off, or processes of a threaded group. */
static bool is_absent(int e)
{
	return e == ENOENT || e == EACCES || e == EOPNOTSUPP;
}

int cgroup_text(int group_fd, const char *file, char *ret, size_t size, struct err *err)
{
	ssize_t n = file_peek(group_fd, file, ret, size);

	if (n < 0) {
		*ret = '\0';
		if (is_absent(errno))
			return 0;
		err_sys(err, "read %s of the cgroup", file);
		if (err->sys == ENODEV)
			err->sys = ENOENT;
		return -1;
	}
	/* A piece of a line at the end of a full buffer could be a number cut short. */
	if ((size_t)n == size - 1) {
		char *end = memrchr(ret, '\n', (size_t)n);

		if (end)
			*end = '\0';
	}
	return 1;
}
