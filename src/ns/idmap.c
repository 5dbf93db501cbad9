#include "ns/idmap.h"

#include "base/fd.h"
#include "base/file.h"
#include "ns/clone.h"
#include "ns/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_map(pid_t pid, const char *file, const struct id_map *maps, size_t n,
	struct err *err)
{
	char path[64], text[4096];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int more = snprintf(text + len, sizeof(text) - len, "%u %u %u\n", maps[i].inside,
			maps[i].outside, maps[i].count);
		len += (size_t)more;
		if (len >= sizeof(text))
			return err_set(err, "cannot write %s: %zu ranges are more than fit", file,
				n);
	}
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (file_poke(AT_FDCWD, path, text) < 0)
		return err_sys(err, "cannot write %s of the container", file);
	return 0;
}

/* Arguments and numbers of all ranges that a map can have. */
struct command {
	char *argv[2 + 3 * IDMAP_LINES_MAX + 1];
	char numbers[(1 + 3 * IDMAP_LINES_MAX) * 12];
};

static void command_make(struct command *c, const char *program, pid_t pid,
	const struct id_map *maps, size_t n)
{
	size_t argc = 0, at = 0;

	c->argv[argc++] = (char *)(uintptr_t)program;
	for (size_t i = 0; i < 1 + 3 * n; i++) {
		const struct id_map *m = &maps[i ? (i - 1) / 3 : 0];
		const uint32_t values[] = {m->inside, m->outside, m->count};

		c->argv[argc++] = c->numbers + at;
		at += (size_t)snprintf(c->numbers + at, sizeof(c->numbers) - at, "%u",
			      i ? values[(i - 1) % 3] : (unsigned)pid) +
		      1;
	}
	c->argv[argc] = NULL;
}

enum { SAID_MAX = 256, NOT_FOUND = 127 };

static _Noreturn void become(char **argv, int said)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(said, STDERR_FILENO) >= 0)
		execvp(argv[0], argv);
	_exit(errno == ENOENT ? NOT_FOUND : 126);
}

/* The reason is the last line that the program has printed. */
static int judge(const char *program, int status, char *said, struct err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND && !*said) {
		err_set(err, "mapping more ids than one's own takes %s, which is not installed",
			program);
		return err_hint(err, "install the package uidmap, or map one id only");
	}
	said[strcspn(said, "\n")] = '\0';
	err_set(err, "%s failed%s%s", program, *said ? ": " : "", said);
	return err_hint(err, "/etc/subuid and /etc/subgid say which ids a user may map");
}

static int run_mapper(const char *program, pid_t pid, const struct id_map *maps, size_t n,
	struct err *err)
{
	static struct command command; /* large, and one at a time */
	struct command *c = &command;
	autofd int in = -1, out = -1;
	char said[SAID_MAX] = "";
	int ends[2], status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot run %s", program);
	in = ends[0], out = ends[1];
	command_make(c, program, pid, maps, n);
	child = fork();
	if (child < 0)
		return err_sys(err, "cannot run %s", program);
	if (child == 0)
		become(c->argv, out);
	close(take_fd(&out));
	fd_read_all(in, said, sizeof(said) - 1);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return judge(program, status, said, err);
}

static bool is_own(const struct id_map *maps, size_t n, uint32_t own)
{
	return n == 1 && maps[0].count == 1 && maps[0].outside == own;
}

bool idmap_denies_groups(const struct id_map *gids, size_t ngids)
{
	return is_own(gids, ngids, getegid());
}

/* Otherwise a user could leave a group that keeps them from something (CVE-2014-8989). */
static int deny_setgroups(pid_t pid, struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	if (file_poke(AT_FDCWD, path, "deny") < 0)
		return err_sys(err, "cannot write setgroups of the container");
	return 0;
}

static int write_as_user(pid_t pid, const struct id_map *uids, size_t nuids,
	const struct id_map *gids, size_t ngids, struct err *err)
{
	if ((is_own(uids, nuids, geteuid()) ? write_map(pid, "uid_map", uids, nuids, err)
					    : run_mapper("newuidmap", pid, uids, nuids, err)) < 0)
		return -1;
	if (!idmap_denies_groups(gids, ngids))
		return run_mapper("newgidmap", pid, gids, ngids, err);
	return deny_setgroups(pid, err) < 0 ? -1 : write_map(pid, "gid_map", gids, ngids, err);
}

int idmap_write(pid_t pid, const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct err *err)
{
	if (rights_get() == RIGHTS_NONE)
		return write_as_user(pid, uids, nuids, gids, ngids, err);
	if (write_map(pid, "uid_map", uids, nuids, err) < 0)
		return -1;
	return write_map(pid, "gid_map", gids, ngids, err);
}

static int read_map(pid_t pid, const char *file, size_t max, struct id_map *ret, size_t *ret_n,
	struct err *err)
{
	char path[64], text[16384];
	ssize_t len;
	size_t n = 0;
	int used;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	len = file_peek(AT_FDCWD, path, text, sizeof(text));
	if (len < 0)
		return err_sys(err, "cannot read %s of the container", file);
	for (const char *at = text; n <= max; at += used, n++) {
		struct id_map m;

		if (sscanf(at, "%u %u %u%n", &m.inside, &m.outside, &m.count, &used) != 3)
			break;
		if (n == max)
			return err_set(err, "%s of the container has more than %zu ranges", file,
				max);
		ret[n] = m;
	}
	*ret_n = n;
	return 0;
}

int idmap_read(pid_t pid, size_t max, struct id_map *ret_uids, size_t *ret_nuids,
	struct id_map *ret_gids, size_t *ret_ngids, struct err *err)
{
	if (read_map(pid, "uid_map", max, ret_uids, ret_nuids, err) < 0)
		return -1;
	return read_map(pid, "gid_map", max, ret_gids, ret_ngids, err);
}

int idmap_userns_new(const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct err *err)
{
	int pidfd = -1, userns = -1;
	pid_t pid = ns_clone(CLONE_NEWUSER, -1, &pidfd, err);

	if (pid < 0)
		return -1;
	/* Only there to be alone in the namespace; it must not outlive us. */
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (idmap_write(pid, uids, nuids, gids, ngids, err) == 0)
		userns = idmap_userns_open(pid, err);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(pidfd);
	return userns;
}

int idmap_userns_open(pid_t pid, struct err *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open the user namespace of the container") : fd;
}
