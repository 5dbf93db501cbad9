#include "launch/detached.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/file.h"
#include "base/kernelfs.h"
#include "base/pathname.h"
#include "launch/program.h"
#include "ns/idmap.h"
#include "ns/join.h"
#include "ns/rights.h"
#include "rootfs/dev.h"
#include "rootfs/mounts.h"
#include "rootfs/overlay.h"
#include "rootfs/tree.h"
#include "state/points.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { OTHER_FDS = 64 }; /* that a start has open beside its mounts */

/* What is mounted is bounded by the kernel, not by the soft limit that an engine happens to have. */
static void make_room(struct detached *t, size_t n)
{
	struct rlimit now, more;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || n + OTHER_FDS <= now.rlim_cur)
		return;
	more = (struct rlimit){.rlim_cur = now.rlim_max, .rlim_max = now.rlim_max};
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		t->nofile = now.rlim_cur;
}

static int lower_again(const struct detached *t)
{
	struct rlimit now;

	if (!t->nofile || getrlimit(RLIMIT_NOFILE, &now) < 0)
		return t->nofile ? -1 : 0;
	now.rlim_cur = t->nofile;
	return setrlimit(RLIMIT_NOFILE, &now);
}

/* A hostname is shown in both files that are mounted there, or in what the user mounts in their place. */
static bool has_points(const struct container *c, const struct spec *spec)
{
	return !spec->root.direct && spec->hostname &&
	       spec->root.layer_count < OVERLAY_LAYERS_MAX && points_usable(c, spec->root.dir);
}

/* One array holds them all: layers, sources, devices. */
int detached_init(struct detached *t, const struct container *c, const struct spec *spec,
	struct err *err)
{
	bool points = has_points(c, spec);
	size_t layers = (spec->root.dir ? 1 : spec->root.layer_count) + points;
	size_t n = layers + spec->mount_count + spec->device_count;
	int *fds = malloc((n + 1) * sizeof(*fds));

	if (!fds)
		return err_sys(err, "cannot open the root of %s", spec->name);
	for (size_t i = 0; i < n; i++)
		fds[i] = -1;
	*t = (struct detached){
		.writable = -1,
		.init = -1,
		.layers = fds,
		.layer_count = layers,
		.points = points,
		.sources = fds + layers,
		.source_count = spec->mount_count,
		.devices = fds + layers + spec->mount_count,
		.device_count = spec->device_count,
		.by_child = rights_get() == RIGHTS_NONE,
		.in_turn = spec->root.direct && rights_get() == RIGHTS_HOST &&
			   !spec->root.no_pivot && !plan_has_users(spec),
	};
	make_room(t, n);
	return 0;
}

static void close_but(const struct detached *t, int keep)
{
	for (size_t i = 0; i < t->layer_count + t->source_count + t->device_count; i++)
		if (t->layers[i] >= 0 && t->layers[i] != keep)
			close(t->layers[i]);
}

void detached_close(struct detached *t)
{
	if (!t->layers)
		return;
	if (t->writable >= 0)
		close(t->writable);
	if (t->init >= 0)
		close(t->init);
	close_but(t, -1);
	free(t->layers);
	lower_again(t);
	*t = (struct detached){.writable = -1, .init = -1};
}

int detached_leave(const struct detached *t, int keep, struct err *err)
{
	if (!t->nofile)
		return 0;
	close_but(t, keep);
	return lower_again(t) < 0 ? err_sys(err, "cannot lower the limit of descriptors") : 0;
}

static bool has_source(const struct spec *spec, const struct mount *m)
{
	/* One that is joined is the container's as well. */
	return m->kind == MOUNT_BIND || m->kind == MOUNT_DEV ||
	       mount_shows_host(m, spec->ns.fresh | ns_paths_flags(&spec->ns));
}

/* The source of mount i as a path of the container, if it lies in its root where something was mounted
 * before; else NULL. */
static const char *inner_source(const struct spec *spec, size_t i, char buf[PATHNAME_SIZE])
{
	const struct mount *m = &spec->mounts[i];
	char root[PATHNAME_SIZE];
	const char *rest;

	if (m->kind != MOUNT_BIND || m->idmap || !spec->root.direct ||
		!pathname_join("", 0, spec->root.dir, root) ||
		!pathname_join("", 0, m->source, buf) || !(rest = pathname_below(buf, root)) ||
		!*rest)
		return NULL;
	rest--; /* from the '/' on */
	for (size_t k = 0; k < i; k++)
		if (pathname_below(rest, spec->mounts[k].target))
			return rest;
	return NULL;
}

/* A mount that shares with the host is a copy of one there, where it is still shared. */
static bool waits_its_turn(const struct detached *t, const struct spec *spec, size_t i)
{
	const struct mount *m = &spec->mounts[i];
	char buf[PATHNAME_SIZE];

	if (inner_source(spec, i, buf))
		return true;
	return t->in_turn && has_source(spec, m) && !m->idmap && !(m->propagation & MS_SHARED);
}

/* Whether this mount's source is opened by the parent, or by the child before it makes anything. */
static bool has_early_source(const struct detached *t, const struct spec *spec, size_t i)
{
	return has_source(spec, &spec->mounts[i]) && !waits_its_turn(t, spec, i);
}

/* A spare directory has it already. */
static int make_dir(int dirfd, const char *name, mode_t mode)
{
	return mkdirat(dirfd, name, mode) < 0 && errno != EEXIST ? -1 : 0;
}

/* Whether an overlay has had these directories: it makes one in work/. */
static bool is_used(const struct container *c)
{
	return c->record.kept && faccessat(c->data_fd, "work/work", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* upper/ and work/ belong to whoever is root inside: on disk that is id 0. A volatile overlay leaves a mark that
 * keeps the next one away, as what it wrote may be lost if the machine fell: who asked for that has it. */
static int open_writable(const struct container *c, const struct spec *spec, struct err *err)
{
	if (make_dir(c->data_fd, "upper", 0755) < 0 || make_dir(c->data_fd, "work", 0700) < 0)
		return err_sys(err, "make the writable layer of %s", c->record.name);
	if (c->record.kept && spec->root.never_synced &&
		tree_remove(c->data_fd, "work/work/incompat", err) < 0)
		return err_wrap(err, "take over the volatile layer of %s", c->record.name);
	return tree_clone(c->data_fd, "", false, err);
}

/* The top of an overlay is that of its upper layer, which begins as the image's is. */
static int match_top(const struct container *c, int layer, struct err *err)
{
	struct stat want, have;

	if (is_used(c))
		return 0;
	if (fstat(layer, &want) < 0 || fstatat(c->data_fd, "upper", &have, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "look at the top of the image");
	if (have.st_uid == want.st_uid && have.st_gid == want.st_gid &&
		have.st_mode == want.st_mode)
		return 0;
	if (fchownat(c->data_fd, "upper", want.st_uid, want.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(c->data_fd, "upper", want.st_mode & 07777, 0) < 0)
		return err_sys(err, "make the top of the writable layer as the image's");
	return 0;
}

static int open_layer(const struct container *c, const struct spec *spec, size_t i, struct err *err)
{
	char path[256];
	int fd;

	if (spec->root.dir && !plan_has_mounts(spec)) {
		fd = open(spec->root.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? err_sys(err, "root %s", spec->root.dir) : fd;
	}
	if (spec->root.dir) {
		/* An engine may have mounted something in it. */
		fd = tree_clone(AT_FDCWD, spec->root.dir, spec->root.direct, err);
		return fd < 0 ? err_wrap(err, "root %s", spec->root.dir) : fd;
	}
	snprintf(path, sizeof(path), "images/layers/%s", spec->root.layers[i]);
	return tree_clone(c->store->root_fd, path, false, err);
}

/* Whom the container's ids are, to who opens the mounts: the child has them already. */
static const struct id_maps *owners(const struct plan *plan)
{
	static const struct id_maps same = {NULL};

	return rights_get() == RIGHTS_NONE ? &same : &plan->ids;
}

void detached_hint_missing(const struct mount *m, struct err *err)
{
	struct stat st;

	if (lstat(m->source, &st) == 0 && S_ISLNK(st.st_mode))
		err_hint(err, "it is a symbolic link, and what it leads to is not there");
	else if (!m->make_source)
		err_hint(err,
			"--mount does not create its source; -v does, unless it was a file before");
}

static int open_source(const struct spec *spec, const struct mount *m, const struct plan *plan,
	struct err *err)
{
	autofd int fd = -1;

	if (m->kind == MOUNT_DEV)
		return dev_new(m, spec->devices,
			rights_get() == RIGHTS_HOST ? spec->device_count : 0, owners(plan), err);
	fd = m->kind == MOUNT_BIND ? mount_source_open(m, err) : mount_host_open(m, err);
	if (fd < 0 && m->kind == MOUNT_BIND && err->sys == ENOENT && !spec->root.direct)
		detached_hint_missing(m, err);
	if (fd < 0)
		return -1;
	/* All that the host has there is held to what was asked for. */
	if (m->kind != MOUNT_BIND ? tree_set_attr(fd, m->target, mount_attrs_to_begin(m),
					    m->attr_clear, 0, true, err) < 0
				  : mount_set_attrs(fd, m, err) < 0)
		return -1;
	return take_fd(&fd);
}

static int open_inner(const struct layout *l, const struct mount *m, const char *path,
	struct err *err)
{
	autofd int at = layout_open(l, path, O_PATH, err), fd = -1;

	if (at < 0 || (fd = tree_clone(at, "", m->recursive, err)) < 0 ||
		mount_set_attrs(fd, m, err) < 0)
		return -1;
	return take_fd(&fd);
}

/* A group above may let nobody in it make nodes, as those of podman's pods do: then the host's are shown. */
static int open_dev(struct detached *t, const struct spec *spec, const struct mount *m,
	const struct plan *plan, struct err *err)
{
	autofd int fd = open_source(spec, m, plan, err);

	if (fd >= 0 || err->sys != EPERM)
		return take_fd(&fd);
	*err = (struct err){0};
	fd = dev_new(m, NULL, 0, owners(plan), err);
	for (size_t i = 0; fd >= 0 && i < spec->device_count; i++)
		if (t->devices[i] < 0 &&
			plan_device(spec, &spec->devices[i], true) == DEVICE_IN_DEV &&
			(t->devices[i] = dev_node_of_host(&spec->devices[i], err)) < 0)
			return -1;
	return take_fd(&fd);
}

int detached_open_in_turn(struct detached *t, const struct spec *spec, const struct plan *plan,
	size_t i, const struct layout *l, struct err *err)
{
	const struct mount *m = &spec->mounts[i];
	char buf[PATHNAME_SIZE];
	const char *inner;

	if (!waits_its_turn(t, spec, i))
		return 0;
	inner = inner_source(spec, i, buf);
	if (m->kind == MOUNT_DEV)
		t->sources[i] = open_dev(t, spec, m, plan, err);
	else
		t->sources[i] = inner ? open_inner(l, m, inner, err)
				      : open_source(spec, m, plan, err);
	return t->sources[i] < 0 ? -1 : 0;
}

static bool is_apart(const struct spec *spec, const struct device *d)
{
	return plan_device(spec, d, rights_get() == RIGHTS_HOST) == DEVICE_APART;
}

static int open_device(const struct device *d, const struct plan *plan, struct err *err)
{
	return rights_get() == RIGHTS_HOST || d->type == 'p' ? dev_node_new(d, owners(plan), err)
							     : dev_node_of_host(d, err);
}

int detached_open(struct detached *t, const struct container *c, const struct spec *spec,
	const struct plan *plan, struct err *err)
{
	if (!spec->root.direct && (t->writable = open_writable(c, spec, err)) < 0)
		return -1;
	if (spec->init && (t->init = program_open("ctr-init", err)) < 0)
		return -1;
	for (size_t i = 0; i < t->layer_count; i++)
		if ((t->layers[i] = t->points && i == 0
					    ? tree_clone(c->store->root_fd, "points", false, err)
					    : open_layer(c, spec, i - t->points, err)) < 0)
			return -1;
	if (t->writable >= 0 && t->layer_count &&
		match_top(c, t->layers[t->layer_count - 1], err) < 0)
		return -1;
	for (size_t i = 0; i < t->source_count; i++)
		if (has_early_source(t, spec, i) &&
			(t->sources[i] = open_source(spec, &spec->mounts[i], plan, err)) < 0)
			return -1;
	for (size_t i = 0; i < t->device_count; i++)
		if (is_apart(spec, &spec->devices[i]) &&
			(t->devices[i] = open_device(&spec->devices[i], plan, err)) < 0)
			return -1;
	return 0;
}

/* cure: what else can be done, or NULL. */
static int idmap(int tree, int userns, const char *what, bool recursive, const char *cure,
	struct err *err)
{
	if (tree_idmap(tree, userns, what, recursive, err) == 0)
		return 0;
	if (err->sys == EINVAL && cure)
		err_hint(err, "a file system there cannot be id-mapped by this kernel; %s", cure);
	return -1;
}

/* What the kernel shows of itself has the host's ids, whatever a mount says. */
static bool is_of_kernel(int tree)
{
	struct statfs fs;
	struct stat st, dev;

	if (fstatfs(tree, &fs) < 0 || fstat(tree, &st) < 0)
		return false;
	if (kernelfs_is((unsigned long)fs.f_type))
		return true;
	/* A devtmpfs says that it is a tmpfs. */
	return fs.f_type == TMPFS_MAGIC && stat("/dev", &dev) == 0 && st.st_dev == dev.st_dev;
}

/* Of a whole host as a volume parts cannot be id-mapped: their files belong to nobody in the container,
 * which gives it less, never more. An engine says exactly what it wants. */
static int idmap_volume(int tree, int userns, const struct mount *m, const struct spec *spec,
	struct err *err)
{
	const char *cure = spec->root.direct
				   ? NULL
				   : "add the mount option noidmap, or run with --userns host";
	struct err second;

	if (idmap(tree, userns, m->source, m->idmap_recursive, cure, err) == 0)
		return 0;
	if (err->sys != EINVAL || spec->root.direct)
		return -1;
	if (!is_of_kernel(tree)) {
		if (!m->idmap_recursive || tree_idmap(tree, userns, m->source, false, &second) < 0)
			return -1;
		warn("volume %s: what is mounted below it keeps the ids of the host, as not all "
		     "of it can be id-mapped",
			m->source);
	}
	*err = (struct err){0};
	return 0;
}

int detached_idmap(const struct detached *t, const struct spec *spec, int userns, struct err *err)
{
	const char *cure = "run with --userns host";

	for (size_t i = 0; i < t->source_count; i++) {
		const struct mount *m = &spec->mounts[i];

		if (m->kind == MOUNT_BIND && m->idmap && !m->uid_map_count &&
			idmap_volume(t->sources[i], userns, m, spec, err) < 0)
			return -1;
	}
	/* An engine's root has the ids that the engine gave it. */
	if (spec->root.direct)
		return 0;
	if (idmap(t->writable, userns, "the writable layer", false, cure, err) < 0)
		return -1;
	for (size_t i = 0; i < t->layer_count; i++)
		if (idmap(t->layers[i], userns, "the root's layers", false, cure, err) < 0)
			return -1;
	return 0;
}

static bool maps_equal(const struct id_map *a, size_t na, const struct id_map *b, size_t nb)
{
	for (size_t i = 0; i < na && na == nb; i++)
		if (a[i].inside != b[i].inside || a[i].outside != b[i].outside ||
			a[i].count != b[i].count)
			return false;
	return na == nb;
}

static bool same_maps(const struct mount *a, const struct mount *b)
{
	return a->kind == MOUNT_BIND && b->kind == MOUNT_BIND &&
	       maps_equal(a->uid_maps, a->uid_map_count, b->uid_maps, b->uid_map_count) &&
	       maps_equal(a->gid_maps, a->gid_map_count, b->gid_maps, b->gid_map_count);
}

/* A namespace serves all mounts with the same maps: the first of them makes it. */
static int idmap_like(const struct detached *t, const struct spec *spec, size_t first,
	struct err *err)
{
	const struct mount *m = &spec->mounts[first];
	autofd int userns = -1;

	for (size_t i = 0; i < first; i++)
		if (same_maps(&spec->mounts[i], m))
			return 0;
	userns = idmap_userns_new(m->uid_maps, m->uid_map_count, m->gid_maps, m->gid_map_count,
		err);
	if (userns < 0)
		return err_wrap(err, "the ids of %s", m->source);
	for (size_t i = first; i < t->source_count; i++)
		if (same_maps(&spec->mounts[i], m) &&
			tree_idmap(t->sources[i], userns, spec->mounts[i].source,
				spec->mounts[i].idmap_recursive, err) < 0)
			return -1;
	return 0;
}

int detached_idmap_own(const struct detached *t, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < t->source_count; i++)
		if (spec->mounts[i].kind == MOUNT_BIND && spec->mounts[i].uid_map_count &&
			idmap_like(t, spec, i, err) < 0)
			return -1;
	return 0;
}

/* Calls f in groups for every descriptor that the spec says exists. */
typedef int pass_fn(int sock, int *fds, size_t n, struct err *err);

static int pass_all(struct detached *t, const struct spec *spec, int sock, pass_fn *pass,
	struct err *err)
{
	if ((!spec->root.direct && pass(sock, &t->writable, 1, err) < 0) ||
		(spec->init && pass(sock, &t->init, 1, err) < 0) ||
		pass(sock, t->layers, t->layer_count, err) < 0)
		return -1;
	for (size_t i = 0; i < t->source_count; i++)
		if (has_early_source(t, spec, i) && pass(sock, &t->sources[i], 1, err) < 0)
			return -1;
	for (size_t i = 0; i < t->device_count; i++)
		if (is_apart(spec, &spec->devices[i]) && pass(sock, &t->devices[i], 1, err) < 0)
			return -1;
	return 0;
}

static int send_group(int sock, int *fds, size_t n, struct err *err)
{
	return fds_send(sock, fds, n, err);
}

int detached_send(const struct detached *t, const struct spec *spec, int sock, struct err *err)
{
	struct detached copy = *t;

	/* The ids are there: that is what it waits for. */
	if (t->by_child)
		return write(sock, "", 1) == 1 ? 0 : err_sys(err, "cannot let the child go on");
	return pass_all(&copy, spec, sock, send_group, err);
}

int detached_receive(struct detached *t, const struct spec *spec, int sock, struct err *err)
{
	char byte;

	if (!t->by_child)
		return pass_all(t, spec, sock, fds_receive, err);
	return read(sock, &byte, 1) == 1 ? 0 : err_set(err, "the parent has given up");
}
