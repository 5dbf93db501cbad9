#include "state/configlock.h"

#include "base/clock.h"
#include "base/file.h"
#include "state/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

enum { WAIT_SECONDS = 60, NAP_MS = 5 };

void config_unlock(struct config_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	if (lock->data_fd >= 0)
		close(lock->data_fd);
	*lock = CONFIG_LOCK_NONE;
}

enum { DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int open_config(struct config_lock *l)
{
	l->fd = l->data_fd < 0 ? -1
			       : openat(l->data_fd, "config.json",
					 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (l->fd < 0)
		config_unlock(l);
	return l->fd;
}

static int open_either(const struct store *store, const char *name, struct config_lock *l)
{
	l->data_fd = store_data_open(store, name);
	if (open_config(l) >= 0) {
		l->kept = true;
		return 0;
	}
	if (errno != ENOENT)
		return -1;
	l->data_fd = openat(store->state_fd, name, DIRECTORY);
	return open_config(l);
}

static int lock_within(int fd, enum config_lock_how how, uint64_t deadline)
{
	int op = (how == CONFIG_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB;

	while (flock(fd, op) < 0) {
		if (errno != EWOULDBLOCK || how == CONFIG_IDLE)
			return -1;
		if (deadline_poll_ms(deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(NULL, 0, NAP_MS);
	}
	return 0;
}

int config_lock(const struct store *store, const char *name, enum config_lock_how how,
	struct config_lock *ret, struct err *err)
{
	uint64_t deadline = deadline_in(WAIT_SECONDS);
	struct config_lock l;

	for (;;) {
		l = CONFIG_LOCK_NONE;
		if (open_either(store, name, &l) < 0) {
			err_sys(err, "open config.json of %s", name);
			return container_missing(store, name, err);
		}
		if (lock_within(l.fd, how, deadline) < 0) {
			err_sys(err, "lock config.json of %s", name);
			config_unlock(&l);
			return err->sys == ETIMEDOUT
				       ? err_hint(err,
						 "is a ctr process stopped? kill -CONT or kill it")
				       : -1;
		}
		if (file_still_named(l.fd, l.data_fd, "config.json") == 0) {
			*ret = l;
			return 0;
		}
		config_unlock(&l);
	}
}
