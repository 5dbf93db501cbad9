#include "base/table.h"
#include "cli/command.h"
#include "cli/output.h"
#include "container/life.h"
#include "container/processes.h"

#include <inttypes.h>
#include <string.h>

typedef const char *cell_fn(const struct process_row *r, struct arena *a);

static const char *number(uint64_t n, struct arena *a)
{
	return arena_printf(a, "%" PRIu64, n);
}

static const char *inner_number(int64_t n, struct arena *a)
{
	return n > 0 ? arena_printf(a, "%" PRId64, n) : "-";
}

static const char *cell_pid(const struct process_row *r, struct arena *a)
{
	return inner_number(r->inner, a);
}

static const char *cell_ppid(const struct process_row *r, struct arena *a)
{
	return arena_printf(a, "%d", (int)r->inner_parent);
}

static const char *cell_hpid(const struct process_row *r, struct arena *a)
{
	return number((uint64_t)r->pid, a);
}

static const char *cell_uid(const struct process_row *r, struct arena *a)
{
	return r->inner_uid == UINT32_MAX ? "-" : number(r->inner_uid, a);
}

static const char *cell_gid(const struct process_row *r, struct arena *a)
{
	return r->inner_gid == UINT32_MAX ? "-" : number(r->inner_gid, a);
}

static const char *cell_user(const struct process_row *r, struct arena *a)
{
	return r->user[0] ? r->user : cell_uid(r, a);
}

static const char *cell_huid(const struct process_row *r, struct arena *a)
{
	return number(r->uid, a);
}

static double cpu_percent(const struct process_row *r)
{
	return r->age_ms ? 100.0 * (double)r->cpu_ms / (double)r->age_ms : 0;
}

static const char *cell_cpu(const struct process_row *r, struct arena *a)
{
	return arena_printf(a, "%.1f", cpu_percent(r));
}

/* [DD-]HH:MM:SS, as ps(1) has it. */
static const char *clock_text(uint64_t ms, struct arena *a)
{
	unsigned long long s = ms / 1000, days = s / 86400;

	return arena_printf(a, "%.0llu%s%02llu:%02llu:%02llu", days, days ? "-" : "", s / 3600 % 24,
		s / 60 % 60, s % 60);
}

static const char *cell_time(const struct process_row *r, struct arena *a)
{
	return clock_text(r->cpu_ms, a);
}

static const char *cell_elapsed(const struct process_row *r, struct arena *a)
{
	return clock_text(r->age_ms, a);
}

static const char *cell_state(const struct process_row *r, struct arena *a)
{
	return arena_printf(a, "%c", r->state);
}

static const char *cell_nice(const struct process_row *r, struct arena *a)
{
	return arena_printf(a, "%d", r->nice);
}

static const char *cell_threads(const struct process_row *r, struct arena *a)
{
	return number(r->threads, a);
}

static const char *cell_virtual(const struct process_row *r, struct arena *a)
{
	return number(r->virtual_bytes / 1024, a);
}

static const char *cell_resident(const struct process_row *r, struct arena *a)
{
	return number(r->resident_bytes / 1024, a);
}

static const char *cell_name(const struct process_row *r, struct arena *a)
{
	(void)a;
	return r->name;
}

static const char *cell_command(const struct process_row *r, struct arena *a)
{
	(void)a;
	return r->command;
}

static const struct column {
	const char *names, *heading; /* names: as ps(1) has them, ours first */
	cell_fn *cell;
} columns[] = {
	{"hpid", "HPID", cell_hpid},
	{"pid", "PID", cell_pid},
	{"ppid", "PPID", cell_ppid},
	{"user euser", "USER", cell_user},
	{"uid euid", "UID", cell_uid},
	{"gid egid", "GID", cell_gid},
	{"huid", "HUID", cell_huid},
	{"pcpu %cpu", "%CPU", cell_cpu},
	{"time cputime", "TIME", cell_time},
	{"etime elapsed", "ELAPSED", cell_elapsed},
	{"stat s state", "S", cell_state},
	{"nice ni", "NI", cell_nice},
	{"threads nlwp thcount", "THREADS", cell_threads},
	{"vsz vsize", "VSZ", cell_virtual},
	{"rss rssize", "RSS", cell_resident},
	{"comm ucmd", "COMMAND", cell_name},
	{"args cmd command", "COMMAND", cell_command},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct top_flags {
	const struct column *columns[TABLE_COLUMNS_MAX];
	size_t count;
	bool no_trunc;
	struct format format;
};

static bool is_among(const char *names, const char *word, size_t len)
{
	for (const char *p = names; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, word, len) == 0)
			return true;
		p += n;
	}
	return false;
}

static const struct column *find_column(const char *word, size_t len)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (is_among(columns[i].names, word, len))
			return &columns[i];
	return NULL;
}

static int refuse_column(const char *word, struct err *err)
{
	err_set(err, "there is no column '%.40s'", word);
	return err_hint(err, "columns: hpid pid ppid user uid gid huid pcpu time etime stat nice "
			     "threads vsz rss comm args; ps is not called");
}

/* Several with commas or blanks between them. */
static int add_columns(struct top_flags *f, const char *list, struct err *err)
{
	for (const char *p = list; *(p += strspn(p, ", "));) {
		size_t len = strcspn(p, ", ");
		const struct column *c = find_column(p, len);

		if (!c)
			return refuse_column(list, err);
		if (f->count == TABLE_COLUMNS_MAX)
			return err_set(err, "more than %d columns are too many", TABLE_COLUMNS_MAX);
		f->columns[f->count++] = c;
		p += len;
	}
	return 0;
}

static int set_columns(void *to, const char *what, const char *value, struct err *err)
{
	(void)what;
	return add_columns(to, value, err);
}

static void print_table(const struct top_flags *f, const struct processes *p)
{
	const char *cells[TABLE_COLUMNS_MAX];
	struct table_loss loss = {.width = 16};
	struct table t = {.columns = f->count, .losses = &loss};

	for (size_t k = 0; k < f->count; k++) {
		cells[k] = f->columns[k]->heading;
		if (f->columns[k]->cell == cell_command) {
			loss.column = k;
			t.loss_count = !f->no_trunc;
		}
	}
	table_add(&t, cells);
	for (size_t i = 0; i < p->count; i++) {
		for (size_t k = 0; k < f->count; k++)
			cells[k] = f->columns[k]->cell(&p->rows[i], &t.arena);
		table_add(&t, cells);
	}
	table_print(&t, stdout);
	table_free(&t);
}

static json_t *json_id(uint32_t id)
{
	return id == UINT32_MAX ? json_null() : json_integer(id);
}

static json_t *row_json(const struct process_row *r)
{
	json_t *j = json_object();
	char state[] = {r->state, '\0'};

	json_object_set_new(j, "hostPid", json_integer(r->pid));
	json_object_set_new(j, "pid", r->inner ? json_integer(r->inner) : json_null());
	json_object_set_new(j, "parentPid", json_integer(r->inner_parent));
	json_object_set_new(j, "user", r->user[0] ? json_shown(r->user) : json_null());
	json_object_set_new(j, "uid", json_id(r->inner_uid));
	json_object_set_new(j, "gid", json_id(r->inner_gid));
	json_object_set_new(j, "hostUid", json_integer(r->uid));
	json_object_set_new(j, "state", json_shown(state));
	json_object_set_new(j, "cpuPercent", json_real((double)(int)(cpu_percent(r) * 10) / 10));
	json_object_set_new(j, "cpuTimeMs", json_integer((json_int_t)r->cpu_ms));
	json_object_set_new(j, "elapsedMs", json_integer((json_int_t)r->age_ms));
	json_object_set_new(j, "nice", json_integer(r->nice));
	json_object_set_new(j, "threads", json_integer(r->threads));
	json_object_set_new(j, "virtualBytes", json_integer((json_int_t)r->virtual_bytes));
	json_object_set_new(j, "residentBytes", json_integer((json_int_t)r->resident_bytes));
	json_object_set_new(j, "name", json_shown(r->name));
	json_object_set_new(j, "command", json_shown(r->command));
	return j;
}

static int print_list(const struct format *f, const struct processes *p, struct err *err)
{
	autojson json_t *all = json_array();

	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(all, row_json(&p->rows[i]));
	return format_print_list(f, all, err);
}

static int take_words(struct top_flags *f, int argc, char **argv, struct err *err)
{
	if (argc < 1) {
		err_set(err, "top takes a container");
		return err_hint(err, "ctr top CONTAINER [COLUMN…]");
	}
	for (int i = 1; i < argc; i++)
		if (add_columns(f, argv[i], err) < 0)
			return -1;
	return f->count ? 0 : add_columns(f, "hpid,pid,user,pcpu,time,args", err);
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct top_flags *f = options;
	char name[SPEC_NAME_MAX + 1];
	struct processes p;
	struct container c;
	int r;

	if (take_words(f, argc, argv, err) < 0 ||
		container_find(&cli->store, argv[0], name, err) < 0 ||
		container_open_running(&cli->store, name, "list the processes of", &c, err) < 0)
		return -1;
	r = processes_list(&c, &p, err);
	container_close(&c);
	if (r < 0)
		return -1;
	if (format_is_table(&f->format))
		print_table(f, &p);
	else
		r = print_list(&f->format, &p, err);
	processes_free(&p);
	return r < 0 ? -1 : output_end(err);
}

static const struct flag flags[] = {
	{"columns", 'o', "LIST", "hpid,pid,user,pcpu,time,args, or others that ps has",
		set_columns},
	{"no-trunc", 0, NULL, "whole commands", FLAG_BOOL(top_flags, no_trunc)},
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		offsetof(struct top_flags, format)},
	{0},
};

const struct command command_top = {
	.name = "top",
	.summary = "List the processes of a container",
	.arguments = "CONTAINER [COLUMN…]",
	.examples = "  ctr top web\n  ctr top web pid user rss args\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct top_flags),
};
