#include "cgroup/stats.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/table.h"
#include "cli/command.h"
#include "cli/output.h"
#include "container/life.h"
#include "state/gc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_MS = 200, /* between the first two samples, all there is with --no-stream */
	REFRESH_MS = 1000,
};

struct stats_flags {
	bool no_stream, no_trunc;
	struct format format;
};

struct sample {
	char name[SPEC_NAME_MAX + 1], id[65];
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	struct cgroup_stats stats;
};

struct samples {
	const struct store *store;
	struct sample *items;
	size_t count, room;
};

static struct sample *samples_add(struct samples *s, struct err *err)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct sample *items = reallocarray(s->items, room, sizeof(*items));

		if (!items) {
			err_sys(err, "read the use of the containers");
			return NULL;
		}
		s->items = items;
		s->room = room;
	}
	return &s->items[s->count++];
}

static int ended(const char *name, struct err *err)
{
	err_set(err, "cannot watch %s: it has just ended", name);
	err->sys = ESRCH;
	return -1;
}

static struct sample *find_by_id(const struct samples *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].id, id) == 0)
			return &s->items[i];
	return NULL;
}

static int sample_keep(struct samples *s, const struct record *r, const struct cgroup_stats *stats,
	struct err *err)
{
	struct sample *sample = find_by_id(s, r->id);

	/* One that was renamed meanwhile is met again. */
	if (!sample)
		sample = samples_add(s, err);
	if (!sample)
		return -1;
	memcpy(sample->name, r->name, sizeof(sample->name));
	memcpy(sample->id, r->id, sizeof(sample->id));
	sample->time_ns = monotonic_ns();
	sample->stats = *stats;
	return 0;
}

/* err->sys is ESRCH if it does not run (any more). */
static int sample_take(struct samples *s, const char *name, struct err *err)
{
	struct container c;
	struct cgroup_stats stats;
	int r;

	if (container_open_running(s->store, name, "watch", &c, err) < 0)
		return -1;
	if (c.group_fd < 0)
		r = ended(name, err);
	else if (cgroup_stats(c.group_fd, &stats, err) < 0)
		r = err->sys == ENOENT ? ended(name, err) : -1;
	else
		r = sample_keep(s, &c.record, &stats, err);
	container_close(&c);
	return r;
}

static int take_running(const char *name, void *arg, struct err *err)
{
	return sample_take(arg, name, err) < 0 && err->sys != ESRCH ? -1 : 0;
}

/* Looks at the named containers, or at all that run. Not the first time, one that has ended is left out. */
static int samples_take(struct samples *s, int argc, char **argv, bool first, struct err *err)
{
	s->count = 0;
	if (argc == 0)
		return store_each(s->store, take_running, s, err);
	for (int i = 0; i < argc; i++) {
		char name[SPEC_NAME_MAX + 1];

		if (container_find(s->store, argv[i], name, err) == 0 &&
			sample_take(s, name, err) == 0)
			continue;
		if (first || (err->sys != ESRCH && err->sys != ENOENT))
			return -1;
	}
	return 0;
}

/* In hundredths of a percent of one CPU, since the sample before. */
static struct cgroup_count cpu_used(const struct samples *before, const struct sample *now)
{
	const struct sample *then = find_by_id(before, now->id);
	const struct cgroup_count *a, *b = &now->stats.cpu_usage_us;

	if (!then || now->time_ns <= then->time_ns)
		return (struct cgroup_count){0};
	a = &then->stats.cpu_usage_us;
	if (!a->known || !b->known || b->value < a->value)
		return (struct cgroup_count){0};
	return (struct cgroup_count){
		.value = (b->value - a->value) * 10000000 / (now->time_ns - then->time_ns),
		.known = true,
	};
}

/* Without a limit of its own, a container can have what the host has. */
static struct cgroup_count memory_limit(const struct cgroup_stats *s)
{
	struct cgroup_count limit = s->memory_max;
	struct sysinfo host;

	if (sysinfo(&host) < 0)
		return limit;
	if (limit.known && limit.value > (uint64_t)host.totalram * host.mem_unit)
		limit.value = (uint64_t)host.totalram * host.mem_unit;
	return limit;
}

static struct cgroup_count memory_share(const struct cgroup_stats *s)
{
	struct cgroup_count used = s->memory_used, limit = memory_limit(s);

	if (!used.known || !limit.known || !limit.value)
		return (struct cgroup_count){0};
	return (struct cgroup_count){
		.value = (uint64_t)((unsigned __int128)used.value * 10000 / limit.value),
		.known = true,
	};
}

enum { CELL_SIZE = 24 };

/* "--" where this host has no such controller on v2. */
static const char *percent_text(struct cgroup_count c, char buf[CELL_SIZE])
{
	if (c.known)
		snprintf(buf, CELL_SIZE, "%llu.%02u%%", (unsigned long long)(c.value / 100),
			(unsigned)(c.value % 100));
	return c.known ? buf : "--";
}

static const char *size_text(struct cgroup_count c, char buf[CELL_SIZE])
{
	return c.known ? size_format(c.value, buf) : "--";
}

static const char *number_text(struct cgroup_count c, char buf[CELL_SIZE])
{
	if (c.known)
		snprintf(buf, CELL_SIZE, "%llu", (unsigned long long)c.value);
	return c.known ? buf : "--";
}

static void add_row(struct table *t, const struct samples *before, const struct sample *now)
{
	const struct cgroup_stats *s = &now->stats;
	char cpu[CELL_SIZE], used[CELL_SIZE], limit[CELL_SIZE], share[CELL_SIZE], pids[CELL_SIZE];
	char read[CELL_SIZE], written[CELL_SIZE], pc[CELL_SIZE], pm[CELL_SIZE], pi[CELL_SIZE];
	struct arena *a = &t->arena;

	table_add(t, (const char *const[]){
			     now->name,
			     percent_text(cpu_used(before, now), cpu),
			     arena_printf(a, "%s / %s", size_text(s->memory_used, used),
				     size_text(memory_limit(s), limit)),
			     percent_text(memory_share(s), share),
			     arena_printf(a, "%s / %s", size_text(s->io_read_bytes, read),
				     size_text(s->io_write_bytes, written)),
			     number_text(s->pids_current, pids),
			     arena_printf(a, "%s / %s / %s",
				     percent_text(s->cpu_pressure.some_avg10, pc),
				     percent_text(s->memory_pressure.some_avg10, pm),
				     percent_text(s->io_pressure.some_avg10, pi)),
		     });
}

/* Pressure, then input and output, then the share that usage and limit tell as well. */
static const struct table_loss losses[] = {{6, 0}, {4, 0}, {3, 0}};

static void print_table(const struct stats_flags *f, const struct samples *before,
	const struct samples *now)
{
	struct table t = {.columns = 7,
		.losses = losses,
		.loss_count = f->no_trunc ? 0 : sizeof(losses) / sizeof(losses[0])};

	table_add(&t, (const char *const[]){"NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %",
			      "IO READ / WRITTEN", "PIDS", "PRESSURE CPU / MEM / IO"});
	for (size_t i = 0; i < now->count; i++)
		add_row(&t, before, &now->items[i]);
	table_print(&t, stdout);
	table_free(&t);
}

static void put_count(json_t *j, const char *key, struct cgroup_count c)
{
	json_object_set_new(j, key,
		!c.known                ? json_null()
		: c.value == UINT64_MAX ? json_string("max")
					: json_integer((json_int_t)c.value));
}

static void put_percent(json_t *j, const char *key, struct cgroup_count c)
{
	json_object_set_new(j, key, c.known ? json_real((double)c.value / 100) : json_null());
}

static json_t *sample_json(const struct samples *before, const struct sample *now)
{
	const struct cgroup_stats *s = &now->stats;
	json_t *j = json_object(), *pressure = json_object();

	json_object_set_new(j, "name", json_string(now->name));
	json_object_set_new(j, "id", json_string(now->id));
	put_percent(j, "cpuPercent", cpu_used(before, now));
	put_count(j, "cpuUsageUs", s->cpu_usage_us);
	put_count(j, "cpuThrottledUs", s->cpu_throttled_us);
	put_count(j, "memory", s->memory_used);
	put_count(j, "memoryWithCache", s->memory_current);
	put_count(j, "memoryPeak", s->memory_peak);
	put_count(j, "memoryLimit", s->memory_max);
	put_percent(j, "memoryPercent", memory_share(s));
	put_count(j, "swap", s->swap_current);
	put_count(j, "oomKills", s->oom_kills);
	put_count(j, "ioReadBytes", s->io_read_bytes);
	put_count(j, "ioWriteBytes", s->io_write_bytes);
	put_count(j, "pids", s->pids_current);
	put_count(j, "pidsLimit", s->pids_max);
	put_percent(pressure, "cpu", s->cpu_pressure.some_avg10);
	put_percent(pressure, "memory", s->memory_pressure.some_avg10);
	put_percent(pressure, "io", s->io_pressure.some_avg10);
	json_object_set_new(j, "pressurePercent", pressure);
	return j;
}

/* A stream is one array to a line. */
static int print_list(const struct stats_flags *f, const struct samples *before,
	const struct samples *now, struct err *err)
{
	autojson json_t *all = json_array();
	const size_t form = (f->no_stream ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENSURE_ASCII |
			    JSON_REAL_PRECISION(6);
	autofree char *text = NULL;

	for (size_t i = 0; i < now->count; i++)
		json_array_append_new(all, sample_json(before, &now->items[i]));
	if (f->format.template)
		return format_print_list(&f->format, all, err);
	text = json_text(all, form, err);
	if (!text)
		return -1;
	puts(text);
	return 0;
}

static int print(const struct stats_flags *f, const struct samples *before,
	const struct samples *now, struct err *err)
{
	bool screen = !f->no_stream && output_is_screen(STDOUT_FILENO);

	if (!format_is_table(&f->format))
		return print_list(f, before, now, err) < 0 ? -1 : output_end(err);
	if (screen)
		fputs("\033[H\033[J", stdout);
	print_table(f, before, now);
	return output_end(err);
}

static void swap(struct samples *a, struct samples *b)
{
	struct samples old = *a;

	*a = *b;
	*b = old;
}

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int watch(const struct stats_flags *f, struct samples *before, struct samples *now, int argc,
	char **argv, struct err *err)
{
	if (samples_take(before, argc, argv, true, err) < 0)
		return -1;
	pause_ms(FIRST_MS);
	for (;;) {
		if (samples_take(now, argc, argv, false, err) < 0 || print(f, before, now, err) < 0)
			return -1;
		if (f->no_stream || (argc && !now->count))
			return 0;
		swap(before, now);
		pause_ms(REFRESH_MS);
	}
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct samples before = {.store = &cli->store}, now = before;
	/* A screenful in one write does not flicker. */
	static char buffer[1 << 16];
	int r;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	r = watch(options, &before, &now, argc, argv, err);
	free(before.items);
	free(now.items);
	return r;
}

static const struct flag flags[] = {
	{"no-stream", 0, NULL, "print once: the CPU's share is that of 200 ms",
		FLAG_BOOL(stats_flags, no_stream)},
	{"no-trunc", 0, NULL, "all columns, however narrow the terminal",
		FLAG_BOOL(stats_flags, no_trunc)},
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		offsetof(struct stats_flags, format)},
	{0},
};

const struct command command_stats = {
	.name = "stats",
	.summary = "Show what running containers use",
	.arguments = "[CONTAINER…]",
	.examples = "  ctr stats\n  ctr stats --no-stream --format json web\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct stats_flags),
};
