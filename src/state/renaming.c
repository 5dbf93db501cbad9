#include "state/renaming.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "state/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	WAIT_SECONDS = 60,
	NAP_MS = 2,
	NOREPLACE = 1,
	EXCHANGE = 2,
	LINE_MAX = 3 * (RECORD_NAME_MAX + 2),
};

/* Who renames may have to end what is dead under the new name. */
static bool by_us;

static int lock_within(int fd, uint64_t deadline, struct err *err)
{
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return err_sys(err, "lock the names of containers");
		if (deadline_poll_ms(deadline) == 0) {
			errno = ETIMEDOUT;
			err_sys(err, "lock the names of containers");
			return err_hint(err, "is a ctr rename stopped? kill -CONT or kill it");
		}
		poll(NULL, 0, NAP_MS);
	}
	return 0;
}

static bool has_id(int containers_fd, const char *name, const char *id)
{
	char owner[CONTAINER_OWNER_XATTR_MAX] = "";
	autofd int fd = openat(containers_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && fgetxattr(fd, CONTAINER_OWNER_XATTR, owner, sizeof(owner) - 1) > 0 &&
	       strcmp(owner, id) == 0;
}

static bool is_recorded(const struct store *store, const char *name, const char *id)
{
	char path[RECORD_NAME_MAX + 32];
	autofree char *text = NULL;
	struct err ignored;
	struct record r;
	size_t len;

	snprintf(path, sizeof(path), "%s/record.json", name);
	return file_read(store->state_fd, path, RECORD_MAX, &text, &len, &ignored) == 0 &&
	       container_record_parse(text, len, &r, &ignored) == 0 && strcmp(r.id, id) == 0;
}

static int rename_state(const struct store *store, const char *from, const char *to, unsigned how)
{
	return (int)syscall(SYS_renameat2, store->state_fd, from, store->state_fd, to, how);
}

int renaming_follow(const struct store *store, const char *old, const char *new, struct err *err)
{
	return rename_state(store, old, new, EXCHANGE) < 0
		       ? err_sys(err, "rename %s/%s to %s", store->state, old, new)
		       : 0;
}

/* In place of the empty directory of who died; not of somebody who is just finding out that the name is taken. */
static int follow_late(const struct store *store, const char *old, const char *new, struct err *err)
{
	uint64_t deadline = deadline_in(WAIT_SECONDS);

	for (;;) {
		if (unlinkat(store->state_fd, new, AT_REMOVEDIR) < 0 && errno != ENOENT &&
			errno != ENOTEMPTY && errno != EEXIST)
			return err_sys(err, "remove %s/%s", store->state, new);
		if (rename_state(store, old, new, NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST || deadline_poll_ms(deadline) == 0)
			return err_sys(err, "rename %s/%s to %s", store->state, old, new);
		poll(NULL, 0, NAP_MS);
	}
}

/* Between the two renames there is one to be done; before them nothing has begun, behind them all is done. */
static int finish(const struct store *store, int fd, struct err *err)
{
	char text[LINE_MAX], old[RECORD_NAME_MAX + 1], new[RECORD_NAME_MAX + 1], id[65];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (n < 0)
		return err_sys(err, "read %s/" RENAMING_FILE, store->state);
	if (n == 0 || text[n - 1] != '\n' || sscanf(text, "%255s %255s %64s", old, new, id) != 3 ||
		!has_id(store->containers_fd, new, id) || !is_recorded(store, old, id))
		return 0;
	return follow_late(store, old, new, err);
}

int renaming_begin(const struct store *store, struct err *err)
{
	uint64_t deadline = deadline_in(WAIT_SECONDS);

	for (;;) {
		autofd int fd = openat(store->state_fd, RENAMING_FILE,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return err_sys(err, "make %s/" RENAMING_FILE, store->state);
		if (lock_within(fd, deadline, err) < 0)
			return -1;
		if (file_still_named(fd, store->state_fd, RENAMING_FILE) < 0)
			continue;
		if (finish(store, fd, err) < 0)
			return -1;
		if (ftruncate(fd, 0) < 0)
			return err_sys(err, "write %s/" RENAMING_FILE, store->state);
		by_us = true;
		return take_fd(&fd);
	}
}

int renaming_say(int fd, const char *old, const char *new, const char *id, struct err *err)
{
	char text[LINE_MAX];
	int len = snprintf(text, sizeof(text), "%s %s %s\n", old, new, id);

	return pwrite(fd, text, (size_t)len, 0) == len ? 0 : err_sys(err, "write " RENAMING_FILE);
}

void renaming_end(const struct store *store, int *fd)
{
	struct err ignored;

	if (*fd < 0)
		return;
	/* What could be neither done nor undone is for the next one. */
	if (finish(store, *fd, &ignored) == 0)
		unlinkat(store->state_fd, RENAMING_FILE, 0);
	close(*fd);
	*fd = -1;
	by_us = false;
}

bool renaming_goes_on(const struct store *store)
{
	return !by_us && store->state_fd >= 0 && store->containers_fd >= 0 &&
	       faccessat(store->state_fd, RENAMING_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int renaming_settle(const struct store *store, struct err *err)
{
	int fd;

	if (!renaming_goes_on(store))
		return 0;
	fd = renaming_begin(store, err);
	if (fd < 0)
		return -1;
	renaming_end(store, &fd);
	return 0;
}

int renaming_name_of(int state_fd, char ret[RECORD_NAME_MAX + 1])
{
	char link[32], path[4096];
	const char *name;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", state_fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return -1;
	path[n] = '\0';
	name = strrchr(path, '/');
	if (!name || !name[1] || name[1] == '.' || strlen(name + 1) > RECORD_NAME_MAX)
		return -1;
	strcpy(ret, name + 1);
	return 0;
}

int renaming_refresh(struct container *c, struct err *err)
{
	char name[RECORD_NAME_MAX + 1];

	if (renaming_settle(c->store, err) < 0)
		return -1;
	/* Not one that is removed already, whose path says so behind its name. */
	if (renaming_name_of(c->state_fd, name) == 0 && strcmp(name, c->record.name) != 0 &&
		file_still_named(c->state_fd, c->store->state_fd, name) == 0)
		strcpy(c->record.name, name);
	return 0;
}
