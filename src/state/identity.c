#include "state/identity.h"

#include "base/fd.h"
#include "state/renaming.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool read_id(int fd, char ret[CONTAINER_OWNER_XATTR_MAX])
{
	ssize_t n = fgetxattr(fd, CONTAINER_OWNER_XATTR, ret, CONTAINER_OWNER_XATTR_MAX - 1);

	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

void identity_take(const struct store *store, const char *name, struct identity *ret)
{
	autofd int fd = openat(store->containers_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*ret = (struct identity){.fd = -1};
	if (fd >= 0 && read_id(fd, ret->id))
		ret->fd = take_fd(&fd);
}

void identity_drop(struct identity *i)
{
	if (i->fd >= 0)
		close(take_fd(&i->fd));
}

/* The directory of one that is gone may be another container's by now: then it has another id. */
bool identity_moved(const struct identity *i, const struct store *store,
	char name[SPEC_NAME_MAX + 1])
{
	char now[RECORD_NAME_MAX + 1], id[CONTAINER_OWNER_XATTR_MAX];
	struct stat ours, there;

	if (i->fd < 0 || renaming_name_of(i->fd, now) < 0 || strlen(now) > SPEC_NAME_MAX ||
		strcmp(now, name) == 0 || !read_id(i->fd, id) || strcmp(id, i->id) != 0 ||
		fstat(i->fd, &ours) < 0 ||
		fstatat(store->containers_fd, now, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
		ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
		return false;
	strcpy(name, now);
	return true;
}
