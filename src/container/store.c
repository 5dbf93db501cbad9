#include "container/store.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *pick(const char *option, const char *variable, const char *otherwise)
{
	const char *env = option && *option ? option : getenv(variable);

	return env && *env ? env : otherwise;
}

static int open_place(const char *what, const char *path, struct err *err)
{
	int fd;

	if (*path != '/')
		return err_set(err, "%s must be an absolute path, not '%s'", what, path);
	fd = dir_make_path(path, 0700, err);
	if (fd < 0) {
		err_wrap(err, "%s", what);
		if (err->sys == EACCES || err->sys == EPERM)
			err_hint(err,
				"run ctr as root, or give places you can write with --root and "
				"--state");
	}
	return fd;
}

int store_open(const char *root, const char *state, struct store *ret, struct err *err)
{
	autofd int root_fd = -1, containers_fd = -1, state_fd = -1;

	root = pick(root, "CTR_ROOT", "/var/lib/ctr");
	state = pick(state, "CTR_STATE", "/run/ctr");
	root_fd = open_place("CTR_ROOT", root, err);
	state_fd = root_fd < 0 ? -1 : open_place("CTR_STATE", state, err);
	if (state_fd < 0)
		return -1;
	containers_fd = openat(root_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (containers_fd < 0 && errno == ENOENT) {
		if (mkdirat(root_fd, "containers", 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make %s/containers", root);
		containers_fd = openat(root_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (containers_fd < 0)
		return err_sys(err, "open %s/containers", root);
	*ret = (struct store){
		.root_fd = take_fd(&root_fd),
		.containers_fd = take_fd(&containers_fd),
		.state_fd = take_fd(&state_fd),
		.root = root,
		.state = state,
	};
	return 0;
}

int store_open_state(const char *what, const char *path, struct store *ret, struct err *err)
{
	int fd = open_place(what, path, err);

	if (fd < 0)
		return -1;
	*ret = (struct store){
		.root_fd = -1,
		.containers_fd = -1,
		.state_fd = fd,
		.state = path,
	};
	return 0;
}

void store_close(struct store *store)
{
	int fds[] = {store->root_fd, store->containers_fd, store->state_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
