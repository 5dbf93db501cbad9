#include "state/points.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/node.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool points_usable(const struct container *c, const char *dir)
{
	struct node points, writable, root;

	if (!node_find(c->store->root_fd, "points", AT_SYMLINK_NOFOLLOW, &points) ||
		!node_find(c->data_fd, "", AT_EMPTY_PATH, &writable) ||
		points.mount != writable.mount)
		return false;
	if (!dir)
		return true;
	return node_find(AT_FDCWD, dir, 0, &root) && points.mount == root.mount &&
	       !node_is_above(&root, c->store->root_fd);
}

static bool make_file(int spare, const char *name)
{
	autofd int fd = openat(spare, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd >= 0 && fchmod(fd, 0644) == 0;
}

/* Whole before it has its name. */
void points_make(const struct store *store, int spare)
{
	mkdirat(spare, "points", 0755);
	mkdirat(spare, "points/etc", 0755);
	if (make_file(spare, "points/etc/hosts") && make_file(spare, "points/etc/hostname"))
		renameat(spare, "points", store->root_fd, "points");
}
