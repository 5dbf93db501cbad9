/* ctr update: other limits for containers that exist. */
#include "container/update.h"
#include "cli/each.h"
#include "cli/runflags.h"

#include <stdio.h>
#include <string.h>

struct update_flags {
	struct arena arena;
	struct key_value *options;
	size_t count;
	bool quiet;
};

static int set_option(void *to, const char *what, const char *value, struct err *err)
{
	struct update_flags *f = to;
	struct key_value kv = {what + strlen("--"), value};

	if (limit_option_check(kv.key, value, resolve_disk, err) < 0)
		return -1;
	kv.key = arena_strdup(&f->arena, kv.key);
	arena_push(&f->arena, f->options, f->count, kv);
	return 0;
}

static void print_report(const struct update_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		printf("  %s %s\n", r->files[i].key,
			r->files[i].value[0] == '\n' ? "" : r->files[i].value);
	if (!r->live)
		puts("  from its next start on");
}

static int update_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	const struct update_flags *f = options;
	struct update_report report;

	if (container_update(&cli->store, name, f->options, f->count, resolve_disk, &report, err) <
		0)
		return -1;
	puts(name);
	if (!f->quiet)
		print_report(&report);
	update_report_free(&report);
	return 0;
}

static int update(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct update_flags *f = options;
	int r;

	if (!f->count) {
		err_set(err, "nothing is to be changed");
		return err_hint(err, "name limits: ctr update --memory 1g NAME");
	}
	r = each_run(cli, "update", EACH_SILENT, argc, argv, options, update_one, err);
	arena_free(&f->arena);
	return r;
}

static const struct flag flags[] = {
	{"cgroup-conf", 0, "KEY=VALUE", "any file of the container's cgroup", set_option},
	{"cpu-period", 0, "MICROSECONDS", "length of a period of --cpu-quota", set_option},
	{"cpu-quota", 0, "MICROSECONDS", "time of all CPUs in each period", set_option},
	{"cpu-shares", 'c', "N", "as --cpu-weight, on docker's scale (1024 is usual)", set_option},
	{"cpu-weight", 0, "N", "share of busy CPUs, 1 to 10000 (100 is usual)", set_option},
	{"cpus", 0, "N", "at most so many CPUs (1.5 …)", set_option},
	{"cpuset-cpus", 0, "LIST", "only these CPUs (0-3,5)", set_option},
	{"cpuset-mems", 0, "LIST", "only these memory nodes", set_option},
	{"io-max", 0, "DEV:KEY=N…", "rbps, wbps, riops, wiops of a disk", set_option},
	{"io-weight", 0, "N", "share of busy disks, 1 to 10000", set_option},
	{"memory", 'm', "SIZE", "at most so much memory (512m, 2g)", set_option},
	{"memory-high", 0, "SIZE", "slow down above", set_option},
	{"memory-reservation", 0, "SIZE", "keep so much when the host is short", set_option},
	{"memory-swap", 0, "SIZE", "memory and swap together, -1: any", set_option},
	{"oom-group", 0, NULL, "out of memory ends the whole container", set_option},
	{"pids", 0, "N", "at most so many processes, -1: any", set_option},
	{"pids-limit", 0, "N", "the same", set_option},
	{"quiet", 'q', NULL, "names only", FLAG_BOOL(update_flags, quiet)},
	{"restart", 0, "POLICY", "no, on-failure[:N], always or unless-stopped", set_option},
	{"ulimit", 0, "NAME=SOFT[:HARD]", "a resource limit of its processes", set_option},
	{0},
};

const struct command command_update = {
	.name = "update",
	.summary = "Change the limits of containers",
	.arguments = "CONTAINER…",
	.examples = "  ctr update -m 1g --cpus 2 web\n"
		    "  ctr update --memory max web     takes a limit off\n",
	.flags = flags,
	.run = update,
	.options_size = sizeof(struct update_flags),
	.use = STORE_CHANGE,
};
