#include "base/node.h"

/* Not <sys/stat.h>, whose names it has as well; musl knows no statx(2). */
#include <linux/stat.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

bool node_find(int dirfd, const char *path, int flags, struct node *ret)
{
	const unsigned want = STATX_INO | STATX_MNT_ID; /* Linux 5.8 */
	struct statx st;

	if (syscall(SYS_statx, dirfd, path, flags, want, &st) < 0 || (st.stx_mask & want) != want)
		return false;
	*ret = (struct node){st.stx_mnt_id, st.stx_ino, st.stx_dev_major, st.stx_dev_minor};
	return true;
}

bool node_same(const struct node *a, const struct node *b)
{
	return a->mount == b->mount && a->ino == b->ino && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/* What cannot be looked at, or lies deeper than anything should, counts as being below. */
bool node_is_above(const struct node *dir, int fd)
{
	char up[3 * DEPTH_MAX + 2] = ".";
	struct node at, last = {0};

	for (size_t i = 0; i < DEPTH_MAX; i++) {
		if (!node_find(fd, up, 0, &at) || node_same(&at, dir))
			return true;
		if (i && (at.mount != last.mount || node_same(&at, &last)))
			return false;
		last = at;
		strcat(up, "/..");
	}
	return true;
}
