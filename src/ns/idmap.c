#include "ns/idmap.h"

#include "base/file.h"
#include "ns/clone.h"

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

int idmap_write(pid_t pid, const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct err *err)
{
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
