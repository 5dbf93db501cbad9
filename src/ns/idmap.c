#include "ns/idmap.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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

int idmap_userns_open(pid_t pid, struct err *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open the user namespace of the container") : fd;
}
