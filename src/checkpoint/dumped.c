#include "checkpoint/dumped.h"

#include "base/fd.h"
#include "base/file.h"
#include "rootfs/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_LEVEL = 4 };

/* Values of criu_cg_mode. */
static const struct {
	const char *word;
	unsigned mode;
} groups[] = {
	[CHECKPOINT_GROUPS_SOFT] = {"soft", 3},
	[CHECKPOINT_GROUPS_FULL] = {"full", 4},
	[CHECKPOINT_GROUPS_STRICT] = {"strict", 5},
	[CHECKPOINT_GROUPS_IGNORE] = {"ignore", 0},
};

int checkpoint_groups_parse(const char *word)
{
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(groups[i].word, word) == 0)
			return (int)i;
	return -1;
}

static void set_flag(struct protobuf *m, enum criu_option option, bool on)
{
	if (on)
		protobuf_number(m, option, 1);
}

static void set_text(struct protobuf *m, enum criu_option option, const char *text)
{
	if (text)
		protobuf_string(m, option, text);
}

/* Has the default mode: a user who wants to keep checkpoints from others restricts the directory above. */
static int open_dir(const char *what, const char *path, bool make, struct err *err)
{
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "%s: make %s", what, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "%s: open %s", what, path) : fd;
}

/* criu says nothing of it. */
static int parent_check(int images_fd, const char *parent, struct err *err)
{
	if (parent && faccessat(images_fd, parent, X_OK, 0) < 0)
		return err_sys(err, "--parent-path: open %s, seen from --image-path", parent);
	return 0;
}

static void set_options(struct dumping *d, const struct checkpoint *o, bool restore)
{
	struct protobuf *m = &d->request.options;

	protobuf_number(m, CRIU_IMAGES_DIR_FD, (uint64_t)d->images_fd);
	protobuf_number(m, CRIU_WORK_DIR_FD, (uint64_t)d->work_fd);
	protobuf_number(m, CRIU_LOG_LEVEL, LOG_LEVEL);
	protobuf_string(m, CRIU_LOG_FILE, restore ? "restore.log" : "dump.log");
	set_flag(m, CRIU_EXT_UNIX_SK, o->ext_unix_sk);
	set_flag(m, CRIU_TCP_ESTABLISHED, o->tcp_established);
	set_flag(m, CRIU_TCP_CLOSE, o->tcp_close);
	set_flag(m, CRIU_SHELL_JOB, o->shell_job);
	set_flag(m, CRIU_FILE_LOCKS, o->file_locks);
	set_flag(m, CRIU_AUTO_DEDUP, o->auto_dedup);
	set_flag(m, CRIU_LINK_REMAP, o->link_remap);
	set_flag(m, CRIU_ORPHAN_PTS_MASTER, true);
	set_flag(m, CRIU_EVASIVE_DEVICES, true);
	set_flag(m, CRIU_MANAGE_CGROUPS, o->groups != CHECKPOINT_GROUPS_IGNORE);
	protobuf_number(m, CRIU_MANAGE_CGROUPS_MODE, groups[o->groups].mode);
	if (o->empty_network)
		protobuf_number(m, CRIU_EMPTY_NS, CLONE_NEWNET);
	set_text(m, CRIU_PARENT_IMG, o->parent);
	set_text(m, CRIU_LSM_PROFILE, o->lsm_profile);
	set_text(m, CRIU_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
}

int dumping_init(struct dumping *d, const struct checkpoint *o, enum criu_action action,
	struct err *err)
{
	const char *work = o->work ? o->work : o->images;
	bool restore = action == CRIU_RESTORE;

	*d = (struct dumping){.request = {.action = action}, .images_fd = -1, .work_fd = -1};
	if (geteuid() != 0)
		return err_set(err, "checkpoint and restore take root's rights");
	d->images_fd = open_dir("--image-path", o->images, !restore, err);
	if (d->images_fd < 0)
		return -1;
	if (parent_check(d->images_fd, o->parent, err) == 0)
		d->work_fd = open_dir("--work-path", work, true, err);
	if (d->work_fd < 0) {
		dumping_free(d);
		return -1;
	}
	snprintf(d->log, sizeof(d->log), "%s/%s", work, restore ? "restore.log" : "dump.log");
	d->request.log = d->log;
	d->request.dirs[0] = (struct criu_dir){d->images_fd, o->images};
	d->request.dirs[1] = (struct criu_dir){d->work_fd, work};
	set_options(d, o, restore);
	return 0;
}

void dumping_free(struct dumping *d)
{
	protobuf_free(&d->request.options);
	if (d->images_fd >= 0)
		close(take_fd(&d->images_fd));
	if (d->work_fd >= 0)
		close(take_fd(&d->work_fd));
}

void dumping_add(struct dumping *d, enum criu_option option, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL;
		d->request.options.failed = true;
		return;
	}
	protobuf_string(&d->request.options, option, text);
}

const char *dumped_joined(const struct spec *spec, uint64_t flag)
{
	for (size_t i = 0; i < spec->ns.path_count; i++)
		if (spec->ns.paths[i].flag == flag)
			return spec->ns.paths[i].path;
	return NULL;
}

static uint64_t own_namespaces(const struct spec *spec)
{
	uint64_t own = spec->ns.fresh;

	for (size_t i = 0; i < spec->ns.path_count; i++)
		own |= spec->ns.paths[i].flag;
	return own;
}

bool dumped_is_external(const struct spec *spec, const struct mount *m, const char **ret_source)
{
	if (m->kind == MOUNT_BIND)
		*ret_source = m->source;
	else if (mount_shows_host(m, own_namespaces(spec)))
		*ret_source = mount_host_path(m);
	else
		return false;
	return true;
}

static int refuse(struct err *err, const char *what)
{
	return err_set(err, "a container with %s cannot be restored by criu", what);
}

int dumped_check(const struct spec *spec, struct err *err)
{
	static const struct {
		uint64_t flag;
		const char *what;
	} refused[] = {
		{CLONE_NEWUSER, "a user namespace that it joins"},
		{CLONE_NEWNS, "a mount namespace that it joins"},
		{CLONE_NEWCGROUP, "a cgroup namespace that it joins"},
	};

	if (!(own_namespaces(spec) & CLONE_NEWNS))
		return refuse(err, "the host's mount namespace");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (dumped_joined(spec, refused[i].flag))
			return refuse(err, refused[i].what);
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].idmap || spec->mounts[i].uid_map_count)
			return refuse(err, "an id-mapped mount");
	return 0;
}
