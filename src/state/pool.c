#include "state/pool.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "state/points.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool move(int fromfd, const char *from, int tofd, const char *to)
{
	return syscall(SYS_renameat2, fromfd, from, tofd, to, 1 /* RENAME_NOREPLACE */) == 0;
}

/* Where space or inodes are short, containers come first. */
static bool has_room(int fd)
{
	enum { ROOM_BYTES = 64 << 20, ROOM_FILES = 1000 };
	struct statvfs v;

	return fstatvfs(fd, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize > ROOM_BYTES &&
	       (v.f_files == 0 || v.f_favail > ROOM_FILES);
}

bool pool_take(const struct store *store, const char *name)
{
	return move(store->root_fd, "spare/ready", store->containers_fd, name);
}

/* How much of a directory the next start may have to remove. */
struct allowance {
	unsigned entries, depth;
	blkcnt_t blocks; /* of 512 bytes */
};

/* Whether a directory is within the allowance, not counting the entry called `but`. */
static bool fits(int dirfd, const char *name, const char *but, struct allowance *left)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *entry;
	struct dents d;
	unsigned char type;
	bool fit = true;

	if (fd < 0 || left->depth == 0)
		return false;
	left->depth--;
	dents_init(&d, fd);
	while (fit && (entry = dents_next(&d, &type))) {
		struct stat st;

		if (but && strcmp(entry, but) == 0)
			continue;
		if (left->entries-- == 0 || fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			st.st_blocks > left->blocks)
			return false;
		left->blocks -= st.st_blocks;
		if (S_ISDIR(st.st_mode))
			fit = fits(fd, entry, NULL, left);
	}
	left->depth++;
	return fit;
}

bool pool_leave(const struct store *store, const char *name)
{
	struct allowance left = {.entries = 40, .depth = 6, .blocks = 256};

	/* No container reaches into work, and overlayfs leaves next to nothing there. */
	return has_room(store->containers_fd) && fits(store->containers_fd, name, "work", &left) &&
	       move(store->containers_fd, name, store->root_fd, "spare/old");
}

/* The directory of the pool, locked, so that one process at a time uses it. The lock ends with its holder. */
static int open_locked(const struct store *store)
{
	autofd int fd = openat(store->root_fd, "spare",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -1 : take_fd(&fd);
}

static bool have(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Half of one, by a predecessor that died or for a container that cannot wait, is as good as none: a
 * container makes what is missing. */
static void make_ready(int spare)
{
	if (have(spare, "ready") || !has_room(spare))
		return;
	mkdirat(spare, "ready", 0700);
	mkdirat(spare, "ready/upper", 0755);
	mkdirat(spare, "ready/work", 0700);
}

/* What a container that wrote nothing has left, by name: a fifth of the calls that looking takes. */
static bool remove_usual(int spare)
{
	if (unlinkat(spare, "old/upper", AT_REMOVEDIR) < 0)
		return false;
	unlinkat(spare, "old/work/work/incompat/volatile/dirty", 0);
	unlinkat(spare, "old/work/work/incompat/volatile", AT_REMOVEDIR);
	unlinkat(spare, "old/work/work/incompat", AT_REMOVEDIR);
	unlinkat(spare, "old/work/work", AT_REMOVEDIR);
	unlinkat(spare, "old/work", AT_REMOVEDIR);
	return unlinkat(spare, "old", AT_REMOVEDIR) == 0;
}

static void remove_one(int spare, const char *name)
{
	struct err ignored;

	if (have(spare, name))
		tree_remove(spare, name, &ignored);
}

void pool_tend(const struct store *store)
{
	autofd int spare = open_locked(store);

	if (spare < 0 && !have(store->root_fd, "spare") &&
		mkdirat(store->root_fd, "spare", 0700) == 0)
		spare = open_locked(store);
	if (spare < 0)
		return;
	make_ready(spare);
	if (!have(store->root_fd, "points") && has_room(spare))
		points_make(store, spare);
	if (!remove_usual(spare))
		remove_one(spare, "old");
}

void pool_empty(const struct store *store)
{
	static const char *const names[] = {"old", "new", "ready", "points"};
	autofd int spare = open_locked(store);

	for (size_t i = 0; spare >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
		remove_one(spare, names[i]);
}
