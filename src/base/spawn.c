#include "base/spawn.h"

#include "base/fd.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

static int add_fds(posix_spawn_file_actions_t *actions, const struct spawning *s)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->fd_count; i++)
		rc = s->fds[i].from == SPAWN_NULL ? posix_spawn_file_actions_addopen(actions,
							    s->fds[i].to, "/dev/null", O_WRONLY, 0)
						  : posix_spawn_file_actions_adddup2(actions,
							    s->fds[i].from, s->fds[i].to);
	return rc;
}

static int run(const struct spawning *s, const posix_spawn_file_actions_t *actions, pid_t *ret)
{
	char *const *env = s->env ? s->env : environ;
	posix_spawnattr_t attr;
	int rc;

	if (!s->mask)
		return posix_spawn(ret, s->path, actions, NULL, s->argv, env);
	rc = posix_spawnattr_init(&attr);
	if (rc)
		return rc;
	posix_spawnattr_setsigmask(&attr, s->mask);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawn(ret, s->path, actions, &attr, s->argv, env);
	posix_spawnattr_destroy(&attr);
	return rc;
}

int spawn(const struct spawning *s, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc == 0) {
		rc = add_fds(&actions, s);
		if (rc == 0)
			rc = run(s, &actions, ret);
		posix_spawn_file_actions_destroy(&actions);
	}
	errno = rc;
	return rc ? -1 : 0;
}

/* Reads to the end before it waits, so that the program does not wait for room in the pipe. */
static int hear(pid_t pid, int out, char *ret_text, size_t size)
{
	ssize_t n = fd_read_all(out, ret_text, size - 1);
	int status;

	ret_text[n > 0 ? n : 0] = '\0';
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int spawn_and_hear(const char *name, const char *word, char *ret_text, size_t size, struct err *err)
{
	char path[4096];
	char *argv[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)word, NULL};
	struct spawning s = {.path = path, .argv = argv, .fd_count = 2};
	int out[2], status = -1;
	pid_t pid;

	if (program_path(name, path, sizeof(path), err) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	s.fds[0] = (struct spawn_fd){out[1], STDOUT_FILENO};
	s.fds[1] = (struct spawn_fd){out[1], STDERR_FILENO};
	if (spawn(&s, &pid) < 0) {
		err_sys(err, "run %s", path);
		close(out[1]);
	} else {
		close(out[1]);
		status = hear(pid, out[0], ret_text, size);
		if (status < 0)
			err_sys(err, "wait for %s", path);
	}
	close(out[0]);
	return status;
}
