#include "checkpoint/checkpoint.h"

#include "base/await.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/json.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "checkpoint/dumped.h"
#include "container/engine.h"
#include "state/configfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { END_SECONDS = 10 };

/* The id of the mount that a descriptor of this process is on; pid 0: our own process. */
static int mount_id(pid_t pid, int fd, unsigned long long *ret)
{
	char path[64], text[512];
	const char *line;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	else
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_peek(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "mnt_id:");
	if (line && sscanf(line, "mnt_id: %llu", ret) == 1)
		return 0;
	errno = EPROTO;
	return -1;
}

/* The id of a line of mountinfo(5), and the place of its mount, which is unescaped in the line itself. */
static char *mount_place_of(char *line, unsigned long long *ret_id)
{
	int start = 0, end = 0;
	char *to, *from;

	if (sscanf(line, "%llu %*d %*s %*s %n%*s%n", ret_id, &start, &end) != 1 || !end)
		return NULL;
	line[end] = '\0';
	to = from = line + start;
	while (*from) {
		unsigned byte;

		if (*from == '\\' && sscanf(from + 1, "%3o", &byte) == 1) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return line + start;
}

/* Where in the container the mount with an id is: new (free it), or NULL if it is not one of its own. */
static int find_mount(pid_t pid, unsigned long long id, char **ret, struct err *err)
{
	autofree char *line = NULL;
	unsigned long long at;
	char path[64], *place;
	size_t size = 0;
	FILE *f;

	*ret = NULL;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return err_sys(err, "read the mounts of the container");
	while (!*ret && getline(&line, &size, f) > 0)
		if ((place = mount_place_of(line, &at)) && at == id)
			*ret = strdup(place);
	fclose(f);
	return 0;
}

/* The files name it by its target in config.json, which is what the bundle of a restore has too. */
static int add_external(struct dumping *d, pid_t pid, int rootfd, const struct mount *m,
	struct err *err)
{
	autofd int fd = inside_open(rootfd, m->target, O_PATH, 0, err);
	autofree char *place = NULL;
	unsigned long long id;

	if (fd < 0)
		return -1;
	if (mount_id(0, fd, &id) < 0)
		return err_sys(err, "see the mount %s of the container", m->target);
	if (find_mount(pid, id, &place, err) < 0)
		return -1;
	/* Unmounted meanwhile, by who may. */
	if (!place || strcmp(place, "/") == 0)
		return 0;
	if (strpbrk(place, "[]") || strpbrk(m->target, "[]"))
		return err_set(err, "criu cannot name the mount %s: there is a bracket in it",
			m->target);
	dumping_add(d, CRIU_EXTERNAL, "mnt[%s]:%s", place, m->target);
	return 0;
}

static int add_mounts(struct dumping *d, const struct container *c, const struct spec *spec,
	struct err *err)
{
	autofd int rootfd = -1;
	const char *source;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->record.pid);
	rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		return err_sys(err, "open the root of the container");
	for (size_t i = 0; i < spec->mount_count; i++)
		if (dumped_is_external(spec, &spec->mounts[i], &source) &&
			add_external(d, c->record.pid, rootfd, &spec->mounts[i], err) < 0)
			return -1;
	return 0;
}

static int add_namespace(struct dumping *d, const struct spec *spec, uint64_t flag,
	const char *kind, const char *name, pid_t pid, struct err *err)
{
	char path[64];
	struct stat st;

	if (!dumped_joined(spec, flag))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	if (stat(path, &st) < 0)
		return err_sys(err, "see the %s namespace of the container", kind);
	dumping_add(d, CRIU_EXTERNAL, "%s[%lu]:%s", kind, (unsigned long)st.st_ino, name);
	return 0;
}

/* A file that no path in the container leads to, as an engine's /dev/null. */
static int name_file(struct dumping *d, pid_t pid, int fd, char *ret, size_t size, struct err *err)
{
	autofree char *place = NULL;
	unsigned long long id;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	if (mount_id(pid, fd, &id) < 0 || stat(path, &st) < 0)
		return err_sys(err, "see a stream of the container");
	if (find_mount(pid, id, &place, err) < 0)
		return -1;
	if (place)
		return 0;
	snprintf(ret, size, "file[%llx:%lx]", id, (unsigned long)st.st_ino);
	protobuf_string(&d->request.options, CRIU_EXTERNAL, ret);
	return 0;
}

/* was: what the stream was when the container was created; it may have another in its place now. */
static int name_stream(struct dumping *d, pid_t pid, int fd, const char *was, char *ret,
	size_t size, struct err *err)
{
	char path[64], now[4096];
	ssize_t n;

	ret[0] = '\0';
	if (!was || !*was)
		return 0;
	if (strncmp(was, "pipe:[", 6) == 0) {
		snprintf(ret, size, "%s", was);
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, now, sizeof(now) - 1);
	if (n <= 0)
		return 0;
	now[n] = '\0';
	return now[0] == '/' && strcmp(now, was) == 0 ? name_file(d, pid, fd, ret, size, err) : 0;
}

static int add_streams(struct dumping *d, const struct container *c, struct err *err)
{
	autojson json_t *state = json_read(c->state_fd, BUNDLE_STATE, err), *names = json_array();
	autofree char *text = NULL;
	char name[64];

	if (!state)
		return -1;
	for (int fd = 0; fd < 3; fd++) {
		const json_t *was = json_array_get(json_object_get(state, BUNDLE_STREAMS),
			(size_t)fd);

		if (name_stream(d, c->record.pid, fd, json_string_value(was), name, sizeof(name),
			    err) < 0)
			return -1;
		json_array_append_new(names, json_string(name));
	}
	text = json_text(names, JSON_COMPACT, err);
	return !text ? -1
		     : file_write(d->images_fd, DUMPED_STREAMS, text, strlen(text), 0600,
			       FILE_NOSYNC, err);
}

/* Nothing in the group runs from here on until it is dumped, so none is missed. */
static int add_group(struct dumping *d, const struct container *c, struct err *err)
{
	autofd int fd = -1;
	char path[4096];

	if (c->group_fd < 0)
		return 0;
	fd = cgroup_hierarchy_open(path, sizeof(path), err);
	if (fd < 0)
		return -1;
	dumping_add(d, CRIU_FREEZE_CGROUP, "%s/%s", path, c->record.cgroup);
	return 0;
}

static int describe(struct dumping *d, const struct container *c, const struct spec *spec,
	struct err *err)
{
	const struct record *r = &c->record;

	if (add_mounts(d, c, spec, err) < 0 || add_streams(d, c, err) < 0 ||
		add_group(d, c, err) < 0 ||
		add_namespace(d, spec, CLONE_NEWNET, "net", DUMPED_NETWORK, r->pid, err) < 0)
		return -1;
	return add_namespace(d, spec, CLONE_NEWPID, "pid", DUMPED_PIDS, r->pid, err);
}

static int wait_for_end(const struct container *c, struct err *err)
{
	if (await_readable(c->pidfd, deadline_in(END_SECONDS)) > 0)
		return 0;
	return err_set(err, "%s was dumped, but does not end", c->record.name);
}

static int dump(struct container *c, const struct spec *spec, const struct checkpoint *o,
	struct err *err)
{
	struct dumping d;
	bool stays = o->leave_running || o->pre_dump;
	int r = -1;

	if (dumping_init(&d, o, o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, err) < 0)
		return -1;
	protobuf_number(&d.request.options, CRIU_PID, (uint64_t)c->record.pid);
	protobuf_number(&d.request.options, CRIU_LEAVE_RUNNING, stays);
	if (o->pre_dump || o->parent)
		protobuf_number(&d.request.options, CRIU_TRACK_MEM, 1);
	if (spec->root.dir)
		protobuf_string(&d.request.options, CRIU_ROOT, spec->root.dir);
	if (describe(&d, c, spec, err) == 0)
		r = criu_run(&d.request, NULL, err);
	dumping_free(&d);
	return r < 0 || stays ? r : wait_for_end(c, err);
}

/* criu freezes it, and may have ended before it was to thaw it. */
static void go_on(const struct container *c, bool paused)
{
	struct err err;

	if (c->group_fd >= 0 &&
		cgroup_freeze(c->group_fd, paused, deadline_in(END_SECONDS), &err) < 0)
		warn("%s", err.text);
}

int bundle_checkpoint(struct container *c, const struct checkpoint *o, struct err *err)
{
	enum container_status status;
	struct spec spec;
	int r;

	if (container_status(c, &status, err) < 0)
		return -1;
	if (status != CONTAINER_RUNNING && status != CONTAINER_PAUSED)
		return err_set(err, "cannot checkpoint a container that is %s: %s",
			bundle_status_name(status), c->record.name);
	if (bundle_spec(c, &spec, err) < 0)
		return -1;
	r = dumped_check(&spec, err);
	if (r == 0 && (r = dump(c, &spec, o, err)) < 0)
		go_on(c, status == CONTAINER_PAUSED);
	spec_free(&spec);
	return r < 0 ? err_wrap(err, "checkpoint %s", c->record.name) : 0;
}
