#include "state/alive.h"

#include "base/await.h"
#include "state/process.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In this boot. 1, 0 or -1. */
static int has_process(const struct record *r, struct err *err)
{
	const char *boot;

	if (r->pid <= 0)
		return 0;
	boot = boot_id(err);
	return boot ? strcmp(r->boot_id, boot) == 0 : -1;
}

bool container_seems_alive(const struct record *r)
{
	struct err unknown;
	uint64_t ticks;
	char state;

	/* A zombie does not count as alive, although threads of it may go on. */
	return r->stage == STAGE_RUNNING && has_process(r, &unknown) > 0 &&
	       process_stat(r->pid, &state, &ticks) == 0 && ticks == r->start_ticks &&
	       state != 'Z' && state != 'X';
}

/* The pid may be another process's by now, or a thread's. */
static bool is_gone(int error)
{
	return error == ESRCH || error == ENOENT || error == EINVAL;
}

static int open_pidfd(struct container *c)
{
	if (c->pidfd < 0)
		c->pidfd = (int)syscall(SYS_pidfd_open, c->record.pid, 0);
	return c->pidfd;
}

static int runs(int pidfd)
{
	int n = await_readable(pidfd, AWAIT_NOT);

	return n < 0 ? -1 : n == 0;
}

int container_first_process_lives(struct container *c, struct err *err)
{
	const struct record *r = &c->record;
	int lives = has_process(r, err);
	uint64_t ticks;

	if (lives <= 0)
		return lives;
	if (open_pidfd(c) < 0 || process_start_ticks(r->pid, &ticks) < 0)
		lives = is_gone(errno) ? 0 : -1;
	else
		lives = ticks == r->start_ticks ? runs(c->pidfd) : 0;
	if (lives < 0)
		err_sys(err, "see whether %s runs", r->name);
	if (lives <= 0 && c->pidfd >= 0) {
		close(c->pidfd);
		c->pidfd = -1;
	}
	return lives;
}

bool container_is_forsaken(const struct record *r, int state_fd)
{
	if (!r->supervised || flock(state_fd, LOCK_SH | LOCK_NB) < 0)
		return false;
	flock(state_fd, LOCK_UN);
	return true;
}

int container_is_alive(struct container *c, struct err *err)
{
	return c->record.stage == STAGE_RUNNING ? container_first_process_lives(c, err) : 0;
}
