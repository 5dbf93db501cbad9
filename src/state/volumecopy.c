#include "state/volumecopy.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/inside.h"
#include "rootfs/copyup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int volume_open_in(int fd, const char *name, struct err *err)
{
	int dir = inside_open_beneath(fd, name, DIR_FLAGS, INSIDE_NO_LINKS);

	return dir < 0 ? err_sys(err, "open %s of the volume", name) : dir;
}

/* A container that has the volume mounted may have made something of that name by now. That stays. */
static int move_all(int from, int to, struct err *err)
{
	unsigned char type;
	const char *name;
	struct dents d;

	dents_init(&d, from);
	while ((name = dents_next(&d, &type)))
		if (syscall(SYS_renameat2, from, name, to, name, 1 /* RENAME_NOREPLACE */) < 0 &&
			errno != EEXIST && errno != ENOENT)
			return err_sys(err, "move %s into the volume", name);
	return errno ? err_sys(err, "read what was copied") : 0;
}

/* All of it is there, on the same file system: what is left to do takes no room. */
int volume_finish(int fd, struct err *err)
{
	autofd int from = volume_open_in(fd, VOLUME_COPIED, err), to = -1;
	struct stat st;

	if (from < 0 && err->sys == ENOENT) {
		*err = (struct err){0};
		return 0;
	}
	if (from < 0)
		return -1;
	to = volume_open_in(fd, "data", err);
	if (to < 0 || fstat(from, &st) < 0)
		return to < 0 ? -1 : err_sys(err, "look at what was copied");
	if (move_all(from, to, err) < 0)
		return -1;
	if (copyup_like(from, to) < 0 ||
		futimens(to, (const struct timespec[]){st.st_atim, st.st_mtim}) < 0)
		return err_sys(err, "make the volume as the image's directory");
	return tree_remove(fd, VOLUME_COPIED, err);
}
