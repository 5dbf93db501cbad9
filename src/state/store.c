#include "state/store.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

struct choice {
	const char *option, *given, *variable, *otherwise;
};

/* Also what to call it in front of whoever chose it. */
static const char *pick(const struct choice *c, const char **ret_what)
{
	bool given = c->given && *c->given;
	const char *path = given ? c->given : getenv(c->variable);

	*ret_what = given ? c->option : c->variable;
	return path && *path ? path : c->otherwise;
}

static int check_absolute(const char *what, const char *path, struct err *err)
{
	if (*path == '/')
		return 0;
	return err_set(err, "%s must be an absolute path, not '%s'", what, path);
}

static int open_place(const char *what, const char *path, bool make, struct err *err)
{
	int fd;

	if (check_absolute(what, path, err) < 0)
		return -1;
	fd = make ? dir_make_path(path, 0700, err) : open(path, DIR_FLAGS);
	if (fd < 0) {
		if (!make)
			err_sys(err, "open %s", path);
		err_wrap(err, "%s", what);
	}
	return fd;
}

static int open_containers(const char *root, int root_fd, bool make, struct err *err)
{
	int fd = openat(root_fd, "containers", DIR_FLAGS);

	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(root_fd, "containers", 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make %s/containers", root);
		fd = openat(root_fd, "containers", DIR_FLAGS);
	}
	return fd < 0 ? err_sys(err, "open %s/containers", root) : fd;
}

int store_open(const char *root, const char *state, enum store_use use, struct store *ret,
	struct err *err)
{
	autofd int root_fd = -1, containers_fd = -1, state_fd = -1;
	bool make = use == STORE_MAKE;
	const char *what_root, *what_state;

	root = pick(&(struct choice){"--root", root, "CTR_ROOT", "/var/lib/ctr"}, &what_root);
	state = pick(&(struct choice){"--state", state, "CTR_STATE", "/run/ctr"}, &what_state);
	root_fd = open_place(what_root, root, make, err);
	if (root_fd < 0 && (make || err->sys != ENOENT))
		return -1;
	make = make || (use == STORE_CHANGE && root_fd >= 0);
	state_fd = open_place(what_state, state, make, err);
	if (state_fd < 0 && (make || err->sys != ENOENT))
		return -1;
	containers_fd = root_fd < 0 ? -1 : open_containers(root, root_fd, make, err);
	if (root_fd >= 0 && containers_fd < 0 && (make || err->sys != ENOENT))
		return -1;
	*ret = (struct store){
		.root_fd = take_fd(&root_fd),
		.containers_fd = take_fd(&containers_fd),
		.state_fd = take_fd(&state_fd),
		.volumes_fd = -1,
		.root = root,
		.state = state,
	};
	return 0;
}

int store_open_state(const char *what, const char *path, struct store *ret, struct err *err)
{
	int fd = open_place(what, path, true, err);

	if (fd < 0) {
		err_hint_rights(err, "give a place you can write with --root");
		return -1;
	}
	*ret = (struct store){
		.root_fd = -1,
		.containers_fd = -1,
		.state_fd = fd,
		.volumes_fd = -1,
		.state = path,
	};
	return 0;
}

void store_close(struct store *store)
{
	int fds[] = {store->root_fd, store->containers_fd, store->state_fd, store->volumes_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int store_data_open(const struct store *store, const char *name)
{
	return openat(store->containers_fd, name, DIR_FLAGS | O_NOFOLLOW);
}
