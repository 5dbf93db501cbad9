#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "base/table.h"
#include "cgroup/hierarchy.h"
#include "check/host.h"
#include "cli/command.h"
#include "cli/output.h"
#include "image/store.h"
#include "state/gc.h"
#include "state/status.h"
#include "state/view.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

static void put(json_t *j, const char *key, const char *value)
{
	json_object_set_new(j, key, json_string(value));
}

static void put_number(json_t *j, const char *key, uint64_t value)
{
	json_object_set_new(j, key, json_integer((json_int_t)value));
}

struct counts {
	struct viewer viewer;
	unsigned of[CONTAINER_EXITED + 1];
};

/* One that cannot be read is for ps to complain about. */
static int count_one(const char *name, void *arg, struct err *err)
{
	struct counts *c = arg;
	struct view view;

	if (viewer_look(&c->viewer, name, VIEW_ANY, &view, err) > 0) {
		c->of[view.status]++;
		view_free(&view);
	}
	return 0;
}

static int add_counts(json_t *j, const struct store *store, struct err *err)
{
	struct counts c = {0};
	struct arena a = {0};
	const char **names;
	size_t images = 0;
	int r;

	viewer_init(&c.viewer, store);
	r = store_each(store, count_one, &c, err);
	viewer_close(&c.viewer);
	if (r < 0)
		return -1;
	for (enum container_status s = CONTAINER_CREATING; s <= CONTAINER_EXITED; s++)
		put_number(j, container_status_name(s), c.of[s]);
	r = image_names(store->root_fd, &a, &names, &images, err);
	arena_free(&a);
	put_number(j, "images", images);
	return r;
}

static void add_store(json_t *j, const struct store *store)
{
	char type[HOST_NAME_SIZE];
	uint64_t bytes, inodes;

	put(j, "root", store->root);
	put(j, "state", store->state);
	put(j, "filesystem", host_filesystem(store->root_fd, type));
	if (host_space(store->root_fd, &bytes, &inodes) == 0)
		put_number(j, "freeBytes", bytes);
}

static void add_cgroup(json_t *j)
{
	char path[4096], controllers[1024];
	struct err err = {0};
	autofd int fd = cgroup_hierarchy_open(path, sizeof(path), &err);

	json_object_set_new(j, "cgroup", fd < 0 ? json_null() : json_string(path));
	if (fd < 0 || file_peek(fd, "cgroup.controllers", controllers, sizeof(controllers)) < 0)
		controllers[0] = '\0';
	put(j, "controllers", controllers);
}

static void add_host(json_t *j)
{
	char mac[HOST_NAME_SIZE];
	struct utsname u;
	struct sysinfo s;

	if (uname(&u) == 0) {
		put(j, "kernel", u.release);
		put(j, "architecture", u.machine);
	}
	put_number(j, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	if (sysinfo(&s) == 0)
		put_number(j, "memoryBytes", (uint64_t)s.totalram * s.mem_unit);
	json_object_set_new(j, "seccomp",
		json_boolean(access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0));
	put_number(j, "maxUserNamespaces", host_number("/proc/sys/user/max_user_namespaces"));
	json_object_set_new(j, "overlay",
		json_boolean(host_file_has_word("/proc/filesystems", "overlay")));
	put(j, "securityModules", host_mac(mac));
}

/* What is there under each key, and how it is called in the table. */
static const struct {
	const char *key, *title;
	bool bytes;
} rows[] = {
	{"version", "Version", false},
	{"root", "Store (CTR_ROOT)", false},
	{"state", "State (CTR_STATE)", false},
	{"filesystem", "File system", false},
	{"freeBytes", "Free space", true},
	{"running", "Running", false},
	{"paused", "Paused", false},
	{"exited", "Exited", false},
	{"creating", "Being created", false},
	{"images", "Images", false},
	{"kernel", "Kernel", false},
	{"architecture", "Architecture", false},
	{"cpus", "CPUs", false},
	{"memoryBytes", "Memory", true},
	{"cgroup", "cgroup v2", false},
	{"controllers", "Controllers there", false},
	{"seccomp", "Seccomp", false},
	{"maxUserNamespaces", "User namespaces", false},
	{"overlay", "Overlay", false},
	{"securityModules", "Security modules", false},
};

static const char *value_text(const json_t *v, bool bytes, char buf[32])
{
	if (json_is_string(v))
		return *json_string_value(v) ? json_string_value(v) : "none";
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	if (!json_is_integer(v))
		return "none";
	if (bytes)
		return size_format((uint64_t)json_integer_value(v), buf);
	snprintf(buf, 32, "%lld", (long long)json_integer_value(v));
	return buf;
}

static void print_table(const json_t *j)
{
	struct table t = {.columns = 2, .wraps = true};
	char buf[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const json_t *v = json_object_get(j, rows[i].key);

		table_add(&t,
			(const char *const[]){rows[i].title, value_text(v, rows[i].bytes, buf)});
	}
	table_print(&t, stdout);
	table_free(&t);
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct format *format = options;
	autojson json_t *j = json_object();

	(void)argv;
	if (argc)
		return err_set(err, "takes no words");
	put(j, "version", CTR_VERSION);
	add_store(j, &cli->store);
	if (add_counts(j, &cli->store, err) < 0)
		return -1;
	add_host(j);
	add_cgroup(j);
	if (format_is_table(format))
		print_table(j);
	else if (format_print(format, j, err) < 0)
		return -1;
	return output_end(err);
}

static const struct flag flags[] = {
	{"format", 'f', "FORMAT", "table, json or a template (table)", format_set},
	{0},
};

const struct command command_info = {
	.name = "info",
	.summary = "Show this host and what ctr keeps on it",
	.arguments = "",
	.examples = "  ctr info\n  ctr info --format '{{.controllers}}'\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct format),
};
