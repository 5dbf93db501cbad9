#include "oci/create.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonwide.h"
#include "base/streams.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "console/foreground.h"
#include "container/engine.h"
#include "launch/notify.h"
#include "launch/program.h"
#include "launch/rootless.h"
#include "launch/start.h"
#include "ns/join.h"
#include "oci/preserved.h"
#include "process/seccomp.h"
#include "spec/capname.h"
#include "spec/config.h"
#include "spec/environment.h"
#include "spec/name.h"
#include "state/cgrouppath.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A device or a pipe, such as /dev/stdout or /dev/null, is nobody's pid file: it is written to, as a file put in its
 * place would be in everybody's way. */
static bool is_written_to(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int pid_file_write(const char *path, pid_t pid, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char text[16], dir[PATH_MAX];
	int len = snprintf(text, sizeof(text), "%d", (int)pid);
	autofd int fd = -1;

	if (strlen(path) >= sizeof(dir))
		return err_value(err, "--pid-file", path, "is too long");
	if (is_written_to(path)) {
		fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
		if (fd < 0 || fd_write_all(fd, text, (size_t)len) < 0)
			return err_sys(err, "--pid-file: write %s", path);
		return 0;
	}
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "--pid-file: open %s", dir);
	if (file_write(fd, slash ? slash + 1 : path, text, (size_t)len, 0644, FILE_NOSYNC, err) < 0)
		return err_wrap(err, "--pid-file");
	return 0;
}

int socket_connect(const char *what, const char *path, struct err *err)
{
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	autofd int place = open(path, O_PATH | O_CLOEXEC);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	/* Longer than an address may be, where engines keep them deep down. */
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d", place);
	if (fd < 0 || place < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(err, "%s: connect to %s", what, path);
	return take_fd(&fd);
}

/* Behind a dot, where no id can be. */
int cache_open(const struct oci *oci)
{
	if (mkdirat(oci->store.state_fd, ".cache", 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(oci->store.state_fd, ".cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void caps_confine_to_host(struct spec *spec)
{
	uint64_t *caps = spec->process.caps, have = 0, lost;
	char text[CAPS_TEXT_SIZE];

	/* A user namespace of its own has them all. */
	if ((spec->ns.fresh | ns_paths_flags(&spec->ns)) & CLONE_NEWUSER)
		return;
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0)
			have |= 1ULL << cap;
	lost = (caps[CAPSET_BOUNDING] | caps[CAPSET_PERMITTED]) & ~have;
	if (lost)
		warn("%.200s cannot be given: this host does not have it itself",
			caps_format(lost, text));
	for (int set = 0; set < CAPSETS; set++)
		caps[set] &= have;
}

/* What the specification leaves to the caller, and what is not in config.json. */
static int complete(const struct store *store, const struct create_options *o, const char *id,
	const char *dir, struct spec *spec, struct err *err)
{
	char random[ID_SIZE];

	if (id_random(random, err) < 0)
		return -1;
	spec->name = arena_strdup(&spec->arena, id);
	spec->id = arena_strdup(&spec->arena, random);
	config_rebase(spec, dir);
	spec->root.direct = true;
	spec->root.no_pivot = o->no_pivot;
	spec->process.no_new_keyring = o->no_new_keyring;
	spec->process.open_stdin = true;
	notify_plan(store, spec);
	return 0;
}

/* By who will go on: who protects itself begins anew. */
static void tell_warnings(struct spec *spec)
{
	for (size_t i = 0; i < spec->warning_count; i++)
		warn("%s", spec->warnings[i]);
	caps_confine_to_host(spec);
}

/* Above those without a path of their own: where who is not root of the host may make groups, or else a
 * place that is nobody's, so that what is missing there is the right to make it. */
static const char *default_parent(struct arena *a)
{
	char mount[4096], path[CGROUP_PATH_SIZE];
	struct err ignored;
	autofd int fd = -1;

	if (rights_get() == RIGHTS_HOST)
		return "ctr-oci";
	fd = cgroup_hierarchy_open(mount, sizeof(mount), &ignored);
	if (fd >= 0 && cgroup_path_delegated(fd, path, sizeof(path)))
		return arena_printf(a, "%s/ctr-oci", path);
	return arena_printf(a, "ctr-oci-of-%u", (unsigned)geteuid());
}

static int choose_cgroup(const struct oci *oci, const struct spec *spec, char *ret, size_t size,
	struct err *err)
{
	struct arena *a = (struct arena *)(uintptr_t)&spec->arena;
	const char *path = spec->cgroup;

	ret[0] = '\0';
	if (oci->manager == MANAGER_DISABLED)
		return 0;
	if (oci->manager == MANAGER_SYSTEMD)
		return container_cgroup_path_plan(spec, ret, size, err);
	if (!path || path[0] != '/')
		path = arena_printf(a, "%s/%s", default_parent(a), path ? path : spec->name);
	return cgroup_path_parse(path, ret, size, err);
}

static int sockets_open(const struct create_options *o, const struct spec *spec, bool own_console,
	int *ret_console, int *ret_pidfd, struct err *err)
{
	if (spec->process.terminal && !o->console_socket && !own_console)
		return err_set(err, "a container with a terminal needs --console-socket");
	if (!spec->process.terminal && o->console_socket)
		return err_set(err, "--console-socket is given, but process.terminal is false");
	if (o->console_socket &&
		(*ret_console = socket_connect("--console-socket", o->console_socket, err)) < 0)
		return -1;
	if (o->pidfd_socket &&
		(*ret_pidfd = socket_connect("--pidfd-socket", o->pidfd_socket, err)) < 0)
		return -1;
	return 0;
}

static int start_filtered(struct oci *oci, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct container *ret, struct err *err)
{
	autofd int cache = cache_open(oci);
	int r;

	if (seccomp_resolve(&spec->process, cache, &plan->filter, err) < 0)
		return -1;
	if (plan->filter.note[0])
		warn("%s", plan->filter.note);
	r = container_start(&oci->store, spec, plan, io, ret, err);
	seccomp_free(&plan->filter);
	return r;
}

static int create_planned(struct oci *oci, const struct create_options *o, const struct spec *spec,
	struct plan *plan, struct bundle *b, int *ret_console, struct container *ret,
	struct err *err)
{
	const struct start_io io = {
		.streams = {STREAM_INHERITED, STREAM_INHERITED, STREAM_INHERITED},
		.ret_console = ret_console,
		.image_lock = -1,
		.bundle = b,
		.waits = true,
	};
	int r = o->from ? container_restore(&oci->store, spec, plan, b, o->from, ret_console, ret,
				  err)
			: start_filtered(oci, spec, plan, &io, ret, err);

	if (r == 0 && o->pid_file && pid_file_write(o->pid_file, ret->record.pid, err) < 0) {
		bundle_destroy(ret);
		container_close(ret);
		return -1;
	}
	return r;
}

static int create_from(struct oci *oci, const struct create_options *o, const char *dir,
	const char *text, size_t len, struct spec *spec, int *ret_console, struct container *ret,
	struct err *err)
{
	char cgroup[RECORD_CGROUP_MAX + 1];
	struct bundle b = {
		.dir = dir,
		.config = text,
		.config_len = len,
		.cgroup = cgroup,
		.group_optional = oci->rootless == ROOTLESS_TRUE ||
				  (oci->rootless == ROOTLESS_AUTO && rights_get() != RIGHTS_HOST),
		.oci_version = spec->oci_version,
	};
	autofd int console = -1, pidfd = -1;
	struct plan plan;
	int r = -1;

	if (choose_cgroup(oci, spec, cgroup, sizeof(cgroup), err) < 0 ||
		preserved_fds(o->preserve_fds, spec, &b.keep_fds, err) < 0 ||
		sockets_open(o, spec, ret_console != NULL, &console, &pidfd, err) < 0)
		return -1;
	b.console_socket = console;
	b.pidfd_socket = pidfd;
	spec->process.plain_lines = !o->console_socket && !isatty(STDOUT_FILENO);
	if (plan_make(spec, NULL, &plan, &spec->arena, err) == 0) {
		r = create_planned(oci, o, spec, &plan, &b,
			spec->process.terminal && !o->console_socket ? ret_console : NULL, ret,
			err);
		cgroup_plan_free(&plan.cgroup);
	}
	return r;
}

int create_container(struct oci *oci, const struct create_options *o, const char *id,
	struct spec *ret_spec, int *ret_console, struct container *ret, struct err *err)
{
	autofree char *text = NULL;
	char dir[PATH_MAX], in_bundle[PATH_MAX + sizeof("/config.json")];
	const char *bundle = o->bundle ? o->bundle : ".", *file = o->config ? o->config : in_bundle;
	struct spec spec;
	size_t len;

	if (bundle_id_check(id, err) < 0)
		return -1;
	if (!realpath(bundle, dir))
		return err_sys(err, "open the bundle %s", bundle);
	snprintf(in_bundle, sizeof(in_bundle), "%s/config.json", dir);
	if (file_read(AT_FDCWD, file, JSON_WIDE_MAX_BYTES, &text, &len, err) < 0 ||
		config_read(file, text, len, CONFIG_ENGINE, &spec, err) < 0)
		return -1;
	spec.systemd_cgroup = oci->manager == MANAGER_SYSTEMD;
	if ((spec.systemd_cgroup && config_read_unit_properties(file, text, len, &spec, err) < 0) ||
		complete(&oci->store, o, id, dir, &spec, err) < 0 ||
		rootless_adapt(&spec, rights_get(), err) < 0 ||
		(program_in_reach(&spec) && program_protect(oci->argv, err) < 0)) {
		spec_free(&spec);
		return -1;
	}
	tell_warnings(&spec);
	if (create_from(oci, o, dir, text, len, &spec, ret_console, ret, err) < 0) {
		spec_free(&spec);
		return -1;
	}
	*ret_spec = spec;
	return 0;
}

static int create(struct oci *oci, void *options, char **words, struct err *err)
{
	struct container c;
	struct spec spec;

	if (create_container(oci, options, words[0], &spec, NULL, &c, err) < 0)
		return -1;
	spec_free(&spec);
	container_close(&c);
	return 0;
}

static const struct flag create_options[] = {CREATE_OPTIONS, {NULL}};

const struct oci_command oci_create = {
	.name = "create",
	.summary = "Make a container from a bundle; it waits for its start",
	.arguments = "ID",
	.options = create_options,
	.options_size = sizeof(struct create_options),
	.words_min = 1,
	.words_max = 1,
	.makes_root = true,
	.run = create,
};

int start_notified(struct container *c, struct err *err)
{
	autofd int sock = notify_listen(c, err);

	if ((sock < 0 && err->text[0]) || bundle_start(c, err) < 0)
		return -1;
	if (sock < 0)
		return 0;
	/* Lets go of the lock, so that `kill` and `delete` do not have to wait for us. */
	return namelock_let_go(c, err) < 0 ? -1 : notify_wait(c, sock, err);
}

static int start(struct oci *oci, void *options, char **words, struct err *err)
{
	struct container c;
	int r;

	(void)options;
	if (bundle_open(&oci->store, words[0], NAMELOCK_WAIT, &c, err) < 0)
		return -1;
	r = start_notified(&c, err);
	container_close(&c);
	return r;
}

const struct oci_command oci_start = {
	.name = "start",
	.summary = "Start a container that was created",
	.arguments = "ID",
	.words_min = 1,
	.words_max = 1,
	.run = start,
};
