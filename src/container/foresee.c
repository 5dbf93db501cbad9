#include "container/foresee.h"

#include "base/fd.h"
#include "base/inside.h"
#include "cgroup/hierarchy.h"
#include "launch/detached.h"
#include "process/user.h"
#include "rootfs/mounts.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int sources(const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *m = &spec->mounts[i];
		autofd int fd = -1;

		if (m->kind != MOUNT_BIND || m->volume || !m->source || m->source[0] != '/')
			continue;
		fd = open(m->source, O_PATH | O_CLOEXEC);
		if (fd >= 0 || (errno == ENOENT && m->make_source))
			continue;
		err_sys(err, "cannot mount %s", m->source);
		if (err->sys == ENOENT)
			detached_hint_missing(m, err);
		return -1;
	}
	return 0;
}

/* Accounts that a mount brings along cannot be looked up before it is made. */
static bool accounts_are_mounted(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].target, "/etc") == 0 ||
			strcmp(spec->mounts[i].target, "/etc/passwd") == 0)
			return true;
	return false;
}

static int user_in(int root_fd, const char *dir, const char *name, struct err *err)
{
	autofd int root = openat(root_fd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct user user;

	if (root < 0)
		return err_sys(err, "open %s", dir);
	return user_resolve(root, name, NULL, 0, UINT32_MAX, &user, err);
}

/* A link of one layer may lead into another. */
static bool accounts_are_linked(int layer)
{
	autofd int fd = inside_open_beneath(layer, "etc/passwd", O_PATH, INSIDE_NO_LINKS);

	return fd < 0 && errno == ELOOP;
}

static int user_in_layer(int root_fd, const char *dir, const char *name, struct err *err)
{
	autofd int layer = openat(root_fd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return layer >= 0 && accounts_are_linked(layer) ? 0 : user_in(root_fd, dir, name, err);
}

/* In one layer of an image at least: which of them the container sees is known once they are mounted. The group
 * may stand in another layer than the user. */
static int user(const struct store *store, const struct spec *spec, struct err *err)
{
	const struct root_spec *root = &spec->root;
	const char *text = spec->process.user ? spec->process.user : "";
	char name[USER_NAME_SIZE], path[4096];
	int r = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ":"), text);
	if (!name[strspn(name, "0123456789")] || strlen(text) >= sizeof(name) ||
		accounts_are_mounted(spec))
		return 0;
	if (root->dir)
		return user_in(AT_FDCWD, root->dir, name, err);
	for (size_t i = root->layer_count; i > 0; i--) {
		snprintf(path, sizeof(path), "images/layers/%s", root->layers[i - 1]);
		r = user_in_layer(store->root_fd, path, name, err);
		if (r == 0)
			return 0;
	}
	return r;
}

static int limits(const struct plan *plan, struct err *err)
{
	char path[4096];
	autofd int hierarchy = cgroup_hierarchy_open(path, sizeof(path), err);

	return hierarchy < 0 ? -1 : cgroup_foresee(hierarchy, &plan->cgroup, err);
}

int container_foresee(const struct store *store, const struct spec *spec, const struct plan *plan,
	bool named, struct err *err)
{
	if (named && namelock_probe(store, spec->name, err) < 0)
		return -1;
	if (sources(spec, err) < 0 || user(store, spec, err) < 0)
		return -1;
	return limits(plan, err);
}
