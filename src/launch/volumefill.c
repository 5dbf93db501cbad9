#include "launch/volumefill.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/inside.h"
#include "ns/clone.h"
#include "rootfs/copyup.h"
#include "rootfs/overlay.h"
#include "rootfs/tree.h"
#include "state/volumecopy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
enum { DEPTH_MAX = 2100 }; /* more than there are in the longest path of an image */

/* What a copying process is told, and what it tells: found, or why not. */
struct job {
	const struct store *store;
	const struct spec *spec;
	const struct mount *m;
	int layers[OVERLAY_LAYERS_MAX];
	size_t layer_count;
	int to, links, report;
};
struct answer {
	int found; /* 1, 0, or -1 with err */
	struct err err;
};

static void layers_close(struct job *j)
{
	while (j->layer_count)
		close(j->layers[--j->layer_count]);
}

/* Before there is another mount namespace, from which those of ours cannot be copied. */
static int layers_open(struct job *j, struct err *err)
{
	const struct root_spec *root = &j->spec->root;
	char path[256];
	int fd;

	if (root->layer_count > OVERLAY_LAYERS_MAX)
		return err_set(err, "the image has %zu layers, the kernel takes %d at most",
			root->layer_count, OVERLAY_LAYERS_MAX);
	for (size_t i = 0; i < root->layer_count; i++) {
		snprintf(path, sizeof(path), "images/layers/%s", root->layers[i]);
		fd = tree_clone(j->store->root_fd, path, false, err);
		if (fd < 0)
			return -1;
		j->layers[j->layer_count++] = fd;
	}
	return 0;
}

/* As the container will see it; layers are nobody's to change. */
static int image_root_open(const struct job *j, struct err *err)
{
	const struct overlay o = {.layers = j->layers, .count = j->layer_count, .writable = -1};

	return o.count == 1 ? j->layers[0] : overlay_mount(&o, err);
}

/* Two descriptors for each level. */
static void make_room(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

static int copy(const struct job *j, struct err *err)
{
	const struct copyup c = {
		.kind = "volume",
		.path = j->m->target,
		.depth_max = DEPTH_MAX,
		.no_devices = true,
		.links_fd = j->links,
	};
	int root, from;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, "cannot tie the process to its parent");
	make_room();
	root = image_root_open(j, err);
	if (root < 0)
		return -1;
	from = inside_open(root, j->m->target, O_RDONLY | O_DIRECTORY, 0, err);
	if (from < 0)
		return err->sys == ENOENT || err->sys == ENOTDIR ? 0 : -1;
	return copyup_fill(from, j->to, &c, err) < 0 ? -1 : 1;
}

static _Noreturn void be_copier(const struct job *j)
{
	struct answer a = {0};

	a.found = copy(j, &a.err);
	_exit(fd_write_all(j->report, &a, sizeof(a)) < 0);
}

static int await_copier(pid_t pid, int report, struct err *err)
{
	struct answer a;
	ssize_t n = fd_read_all(report, &a, sizeof(a));

	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(a))
		return err_set(err, "the process that fills a volume ended early");
	if (a.found < 0)
		*err = a.err;
	return a.found;
}

/* In a mount namespace of its own: what it mounts is seen by nobody else and goes with it. 1, 0 if the image
 * has no directory there, or -1. */
static int copy_apart(struct job *j, struct err *err)
{
	autofd int read_end = -1, write_end = -1, pidfd = -1;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	read_end = ends[0];
	j->report = write_end = ends[1];
	/* The end of a mount namespace takes longer than a small copy, and one layer needs none. */
	pid = ns_clone(j->layer_count > 1 ? CLONE_NEWNS : 0, -1, &pidfd, err);
	if (pid < 0)
		return -1;
	if (pid == 0)
		be_copier(j);
	close(take_fd(&write_end));
	return await_copier(pid, read_end, err);
}

static bool is_empty(int fd, const char *name, struct err *err)
{
	autofd int dir = volume_open_in(fd, name, err);
	unsigned char type;
	struct dents d;

	if (dir < 0)
		return false;
	dents_init(&d, dir);
	return !dents_next(&d, &type) && !errno;
}

static int make_in(int fd, const char *name, struct err *err)
{
	if (mkdirat(fd, name, 0700) < 0)
		return err_sys(err, "make %s in the volume", name);
	return volume_open_in(fd, name, err);
}

static int copy_all(struct job *j, int fd, struct err *err)
{
	autofd int top = -1, to = -1, links = -1;
	int found;

	if (tree_remove(fd, VOLUME_COPYING, err) < 0 ||
		(top = make_in(fd, VOLUME_COPYING, err)) < 0 ||
		(j->to = to = make_in(top, "data", err)) < 0 ||
		(j->links = links = make_in(top, "links", err)) < 0)
		return -1;
	found = layers_open(j, err) < 0 ? -1 : copy_apart(j, err);
	layers_close(j);
	if (found <= 0)
		return found;
	/* What is named ready must be so after a crash of the machine as well. */
	if (!(j->m->anonymous && j->spec->remove) && syncfs(fd) < 0)
		return err_sys(err, "sync the volume");
	if (renameat(top, "data", fd, VOLUME_COPIED) < 0)
		return err_sys(err, "move what was copied");
	return volume_finish(fd, err);
}

int volume_fill(const struct store *store, const struct spec *spec, const struct mount *m, int fd,
	struct err *err)
{
	struct job j = {.store = store, .spec = spec, .m = m};
	struct err second = {0};
	int r;

	if (volume_finish(fd, err) < 0)
		return -1;
	if (m->nocopy || !spec->root.layer_count)
		return 0;
	if (!is_empty(fd, "data", err))
		return err->sys ? -1 : 0;
	r = copy_all(&j, fd, err);
	if (r < 0)
		err_wrap(err, "volume %s", m->anonymous ? m->target : m->volume);
	if (tree_remove(fd, VOLUME_COPYING, &second) < 0 && r == 0)
		warn("%s", second.text);
	return r;
}
