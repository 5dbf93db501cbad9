#include "process/plain.h"

#include "base/fd.h"
#include "base/inside.h"

#include <fcntl.h>
#include <sys/stat.h>

int plain_open(int rootfd, const char *path, off_t *ret_size, struct err *err)
{
	autofd int place = inside_open(rootfd, path, O_PATH, 0, err);
	struct stat st;
	int fd;

	if (place < 0)
		return -1;
	if (fstat(place, &st) < 0)
		return err_sys(err, "stat %s in the container", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "the container's %s is not a regular file", path);
	fd = inside_open(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	if (fd >= 0)
		*ret_size = st.st_size;
	return fd;
}
