#include "launch/volumefill.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/fdpass.h"
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
enum { DEPTH_MAX = 2100 }; /* more than there are in the longest path of an image */

/* What the copying process knows, and what it tells of each volume: found, or why not. */
struct job {
	const struct store *store;
	const struct spec *spec;
	int layers[OVERLAY_LAYERS_MAX];
	size_t layer_count;
	int root, sock;
};
struct answer {
	int found; /* 1, 0, or -1 with err */
	struct err err;
};

enum { TO, LINKS, FDS }; /* what it is sent, before the number of the mount */

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

static int begin(struct job *j, struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, "cannot tie the process to its parent");
	make_room();
	j->root = image_root_open(j, err);
	return j->root < 0 ? -1 : 0;
}

/* The image's directory, or -1: with err->sys 0 if it has none there. */
static int look(const struct job *j, const struct mount *m, struct err *err)
{
	int fd = inside_open(j->root, m->target, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0 && (err->sys == ENOENT || err->sys == ENOTDIR))
		*err = (struct err){0};
	return fd;
}

static int copy(const struct mount *m, int from, const int fds[FDS], struct err *err)
{
	const struct copyup c = {
		.kind = "volume",
		.path = m->target,
		.depth_max = DEPTH_MAX,
		.no_devices = true,
		.links_fd = fds[LINKS],
	};

	return copyup_fill(from, fds[TO], &c, err) < 0 ? -1 : 1;
}

static bool answer(const struct job *j, const struct answer *a)
{
	return send(j->sock, a, sizeof(*a), MSG_NOSIGNAL) == (ssize_t)sizeof(*a);
}

/* Whether there is something; if so, where to is heard next. False if nobody listens any more. */
static bool serve(const struct job *j, const struct mount *m, struct answer *a)
{
	autofd int from = look(j, m, &a->err), to = -1, links = -1;
	int fds[FDS];

	a->found = from >= 0 ? 1 : a->err.text[0] ? -1 : 0;
	if (!answer(j, a))
		return false;
	if (a->found <= 0)
		return true;
	if (fds_receive(j->sock, fds, FDS, &a->err) < 0)
		return false;
	to = fds[TO];
	links = fds[LINKS];
	a->found = copy(m, from, fds, &a->err);
	return answer(j, a);
}

/* One after the other, until nobody asks any more. */
static _Noreturn void be_copier(struct job *j)
{
	struct answer a = {0};
	size_t at;

	a.found = begin(j, &a.err);
	while (fd_read_all(j->sock, &at, sizeof(at)) == sizeof(at))
		if (!(a.found < 0 ? answer(j, &a) : serve(j, &j->spec->mounts[at], &a)))
			break;
	_exit(0);
}

/* In a mount namespace of its own: what it mounts is seen by nobody else and goes with it. */
static int clone_copier(struct volume_filler *f, struct job *j, struct err *err)
{
	autofd int ours = -1, theirs = -1, pidfd = -1;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket");
	ours = ends[0];
	j->sock = theirs = ends[1];
	/* The end of a mount namespace takes longer than a small copy, and one layer needs none. */
	f->pid = ns_clone(j->layer_count > 1 ? CLONE_NEWNS : 0, -1, &pidfd, err);
	if (f->pid < 0)
		return -1;
	if (f->pid == 0) {
		close(ours);
		be_copier(j);
	}
	f->sock = take_fd(&ours);
	return 0;
}

static int filler_begin(struct volume_filler *f, const struct store *store, const struct spec *spec,
	struct err *err)
{
	struct job j = {.store = store, .spec = spec};
	int r;

	if (f->sock >= 0)
		return 0;
	r = layers_open(&j, err) < 0 ? -1 : clone_copier(f, &j, err);
	layers_close(&j);
	return r;
}

void volume_filler_end(struct volume_filler *f)
{
	if (f->sock < 0)
		return;
	close(take_fd(&f->sock));
	while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int hear(const struct volume_filler *f, struct err *err)
{
	struct answer a;

	if (fd_read_all(f->sock, &a, sizeof(a)) != (ssize_t)sizeof(a))
		return err_set(err, "the process that fills a volume ended early");
	if (a.found < 0)
		*err = a.err;
	return a.found;
}

/* 1, 0 if the image has no directory there, or -1. */
static int ask(const struct volume_filler *f, const struct spec *spec, const struct mount *m,
	struct err *err)
{
	size_t at = (size_t)(m - spec->mounts);

	if (send(f->sock, &at, sizeof(at), MSG_NOSIGNAL) != (ssize_t)sizeof(at))
		return err_set(err, "the process that fills a volume ended early");
	return hear(f, err);
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

static int copy_all(const struct volume_filler *f, const struct spec *spec, const struct mount *m,
	int fd, struct err *err)
{
	autofd int top = -1, to = -1, links = -1;

	if ((top = make_in(fd, VOLUME_COPYING, err)) < 0 || (to = make_in(top, "data", err)) < 0 ||
		(links = make_in(top, "links", err)) < 0 ||
		fds_send(f->sock, (const int[FDS]){to, links}, FDS, err) < 0 || hear(f, err) < 0)
		return -1;
	/* What is named ready must be so after a crash of the machine as well. */
	if (!(m->anonymous && spec->remove) && syncfs(fd) < 0)
		return err_sys(err, "sync the volume");
	if (renameat(top, "data", fd, VOLUME_COPIED) < 0)
		return err_sys(err, "move what was copied");
	return volume_finish(fd, err);
}

static int fill_empty(struct volume_filler *f, const struct store *store, const struct spec *spec,
	const struct mount *m, int fd, struct err *err)
{
	struct err second = {0};
	int r;

	if (tree_remove(fd, VOLUME_COPYING, err) < 0 || filler_begin(f, store, spec, err) < 0)
		return -1;
	r = ask(f, spec, m, err);
	if (r <= 0)
		return r;
	r = copy_all(f, spec, m, fd, err);
	if (tree_remove(fd, VOLUME_COPYING, &second) < 0 && r == 0)
		warn("%s", second.text);
	return r;
}

int volume_fill(struct volume_filler *f, const struct store *store, const struct spec *spec,
	const struct mount *m, int fd, struct err *err)
{
	int r;

	if (volume_finish(fd, err) < 0)
		return -1;
	if (m->nocopy || !spec->root.layer_count)
		return 0;
	if (!is_empty(fd, "data", err))
		return err->sys ? -1 : 0;
	r = fill_empty(f, store, spec, m, fd, err);
	return r < 0 ? err_wrap(err, "volume %s", m->anonymous ? m->target : m->volume) : 0;
}
