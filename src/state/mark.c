#include "state/mark.h"

#include "ns/rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

enum { MARK_MAX = CONTAINER_OWNER_XATTR_MAX + 1 + 4096 };

static const char *owner_xattr(void)
{
	return rights_get() == RIGHTS_HOST ? CONTAINER_OWNER_XATTR : CONTAINER_OWNER_XATTR_OF_USER;
}

/* Id, blank, path; NUL-terminated. The length, or -1 with errno. */
static ssize_t mark_read(int fd, char *ret, size_t size)
{
	ssize_t n = fgetxattr(fd, owner_xattr(), ret, size - 1);

	if (n >= 0)
		ret[n] = '\0';
	return n;
}

int container_mark_cgroup(struct container *c, struct err *err)
{
	char text[MARK_MAX];
	int len = snprintf(text, sizeof(text), "%s %s", c->record.id, c->store->state);

	if (fsetxattr(c->group_fd, owner_xattr(), text, (size_t)len, 0) < 0)
		return err_sys(err, "mark the cgroup of %s", c->record.name);
	return 0;
}

int container_marked_id(int group_fd, char ret[CONTAINER_OWNER_XATTR_MAX])
{
	char text[MARK_MAX];
	size_t len;

	if (mark_read(group_fd, text, sizeof(text)) < 0)
		return -1;
	len = strcspn(text, " ");
	if (!len || len >= CONTAINER_OWNER_XATTR_MAX)
		return -1;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return 0;
}

int container_cgroup_state(int group_fd, char *ret_path, size_t size)
{
	char text[MARK_MAX], *path;

	if (mark_read(group_fd, text, sizeof(text)) < 0 || !(path = strchr(text, ' ')) ||
		strlen(path + 1) >= size)
		return -1;
	strcpy(ret_path, path + 1);
	return 0;
}

int container_owner_of(const struct container *c, int fd, struct err *err)
{
	size_t len = strlen(c->record.id);
	char owner[MARK_MAX];
	ssize_t n = mark_read(fd, owner, sizeof(owner));

	if (n < 0 && errno == ENODATA)
		return OWNER_NONE;
	if (n < 0 && errno != ERANGE)
		return err_sys(err, "see what belongs to %s", c->record.name);
	return n >= (ssize_t)len && len && memcmp(owner, c->record.id, len) == 0 &&
			       (owner[len] == '\0' || owner[len] == ' ')
		       ? OWNER_OURS
		       : OWNER_OTHER;
}
