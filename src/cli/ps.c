#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/table.h"
#include "cli/command.h"
#include "cli/dockernames.h"
#include "cli/filter.h"
#include "cli/networkview.h"
#include "cli/size.h"
#include "cli/view.h"
#include "state/gc.h"
#include "state/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int compare_fn(const void *a, const void *b);

struct ps_flags {
	bool all, quiet, no_trunc, size;
	uint64_t last; /* 0: all */
	struct format format;
	compare_fn *compare;
	struct filters filters;
};

struct list {
	struct viewer viewer;
	struct ps_flags *flags;
	struct view *views;
	size_t count, room;
	bool failed;
};

static int by_created(const void *a, const void *b)
{
	int64_t x = ((const struct view *)a)->metadata.created_ns;
	int64_t y = ((const struct view *)b)->metadata.created_ns;

	/* The one that was met last first. */
	if (x == y)
		return (((const struct view *)a)->met < ((const struct view *)b)->met) -
		       (((const struct view *)a)->met > ((const struct view *)b)->met);
	return (x < y) - (x > y);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct view *)a)->metadata.name,
		((const struct view *)b)->metadata.name);
}

static int by_image(const void *a, const void *b)
{
	int r = strcmp(view_source(a), view_source(b));

	return r ? r : by_name(a, b);
}

static int by_status(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	return x->status != y->status ? (x->status > y->status) - (x->status < y->status)
				      : by_created(a, b);
}

static const struct {
	const char *name;
	compare_fn *compare;
} orders[] = {
	{"created", by_created},
	{"name", by_name},
	{"image", by_image},
	{"status", by_status},
};

static int set_sort(void *to, const char *what, const char *value, struct err *err)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(orders[i].name, value) == 0) {
			((struct ps_flags *)to)->compare = orders[i].compare;
			return 0;
		}
	err_value(err, what, value, "is nothing to sort by");
	return err_hint(err, "sort by created, name, image or status");
}

static int set_last(void *to, const char *what, const char *value, struct err *err)
{
	struct ps_flags *f = to;

	if (num_parse_u64(value, &f->last) < 0 || f->last == 0)
		return err_value(err, what, value, "is not a number of containers");
	f->all = true;
	return 0;
}

static int set_latest(void *to, const char *what, const char *value, struct err *err)
{
	struct ps_flags *f = to;
	bool on;

	if (flag_bool(&on, what, value, err) < 0)
		return -1;
	if (on) {
		f->last = 1;
		f->all = true;
	}
	return 0;
}

static int append(struct list *l, const struct view *view, struct err *err)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct view *views = reallocarray(l->views, room, sizeof(*views));

		if (!views)
			return err_sys(err, "list the containers");
		l->views = views;
		l->room = room;
	}
	l->views[l->count++] = *view;
	l->views[l->count - 1].met = l->count;
	return 0;
}

/* One that cannot be read is reported, and the others are shown. */
static int list_one(const char *name, void *arg, struct err *err)
{
	struct list *l = arg;
	struct view view;
	bool any = l->flags->all || l->flags->filters.any;
	int r = viewer_look(&l->viewer, name, any ? VIEW_ANY : VIEW_ALIVE, &view, err);

	/* There would be no memory for the others either. */
	if (r < 0 && err->sys == ENOMEM)
		return -1;
	if (r < 0) {
		err_print(err, "ctr: ps");
		l->failed = true;
	}
	if (r <= 0)
		return 0;
	if (filters_match(&l->flags->filters, &view))
		return append(l, &view, err);
	view_free(&view);
	return 0;
}

static void print_ids(const struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		printf("%.*s\n", l->flags->no_trunc ? 64 : 12, l->views[i].metadata.id);
}

/* In docker's words; "" for none. */
static const char *ports_of(const struct list *l, const struct view *view, struct arena *a)
{
	struct network_plan plan;
	const char *text;
	struct err err;

	if (!view->connected ||
		network_plan_of(l->viewer.store, view->metadata.name, &plan, &err) <= 0)
		return "";
	text = ports_text(&plan, a);
	network_plan_free(&plan);
	return text;
}

static void add_row(struct table *t, const struct list *l, const struct view *view, int64_t now)
{
	const bool no_trunc = l->flags->no_trunc;
	struct container_size size;
	char size_buf[64] = "";
	const struct metadata *s = &view->metadata;
	char age[AGE_SIZE], status[STATUS_SIZE], created[AGE_SIZE + 8] = "";
	struct arena *a = &t->arena;

	if (l->flags->size)
		container_size(l->viewer.store, view, &size);
	if (s->created_ns)
		snprintf(created, sizeof(created), "%s ago", age_format(now - s->created_ns, age));
	table_add(t, (const char *const[]){
			     s->name,
			     no_trunc ? s->id : arena_printf(a, "%.12s", s->id),
			     output_text(a, view_source(view), no_trunc ? 0 : 40),
			     output_text(a, view_command(view, a), no_trunc ? 0 : 30),
			     created,
			     view_status(view, now, status),
			     ports_of(l, view, a),
			     l->flags->size ? size_text(&size, size_buf) : NULL,
		     });
}

enum { NAME, ID, IMAGE, COMMAND, CREATED, STATUS, PORTS, SIZE, COLUMNS };

/* A name is never cut: it is what other commands take. */
static const struct table_loss losses[] = {{COMMAND, 12}, {IMAGE, 16}, {CREATED, 0}, {ID, 0},
	{COMMAND, 0}, {PORTS, 24}, {PORTS, 0}, {IMAGE, 8}, {STATUS, 12}, {IMAGE, 0}};

static void print_table(const struct list *l)
{
	struct table t = {.columns = l->flags->size ? COLUMNS : SIZE, .losses = losses};

	t.loss_count = l->flags->no_trunc ? 0 : sizeof(losses) / sizeof(losses[0]);
	table_add(&t, (const char *const[]){"NAME", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS",
			      "PORTS", "SIZE"});
	for (size_t i = 0; i < l->count; i++)
		add_row(&t, l, &l->views[i], now_ns());
	table_print(&t, stdout);
	table_free(&t);
}

static int print_list(const struct list *l, struct err *err)
{
	autojson json_t *all = json_array();

	for (size_t i = 0; i < l->count; i++) {
		json_t *j = view_json(&l->views[i]);
		struct arena a = {NULL};

		json_object_set_new(j, "ports", json_string(ports_of(l, &l->views[i], &a)));
		arena_free(&a);
		if (l->flags->size) {
			struct container_size size;

			container_size(l->viewer.store, &l->views[i], &size);
			size_put(j, &size);
		}
		if (l->flags->format.template)
			docker_names_ps(j, l->flags->format.template);
		json_array_append_new(all, j);
	}
	return format_print_list(&l->flags->format, all, err);
}

static bool is_met_again(const struct view *views, size_t n, const struct view *view)
{
	for (size_t i = n; i-- > 0 && views[i].metadata.created_ns == view->metadata.created_ns;)
		if (strcmp(views[i].metadata.id, view->metadata.id) == 0)
			return true;
	return false;
}

/* One that was renamed meanwhile has the name under which it was met last. */
static void drop_earlier(struct list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		if (is_met_again(l->views, n, &l->views[i]))
			view_free(&l->views[i]);
		else
			l->views[n++] = l->views[i];
	l->count = n;
}

static void sort_and_cut(struct list *l)
{
	const struct ps_flags *f = l->flags;

	if (l->count)
		qsort(l->views, l->count, sizeof(*l->views), by_created);
	drop_earlier(l);
	while (f->last && l->count > f->last)
		view_free(&l->views[--l->count]);
	if (l->count && f->compare)
		qsort(l->views, l->count, sizeof(*l->views), f->compare);
}

static int print(struct list *l, struct err *err)
{
	sort_and_cut(l);
	if (l->flags->quiet)
		print_ids(l);
	else if (format_is_table(&l->flags->format))
		print_table(l);
	else if (print_list(l, err) < 0)
		return -1;
	return output_end(err);
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct list l = {.flags = options};
	int r;

	if (argc) {
		err_set(err, "takes no words, not '%.60s'", argv[0]);
		return err_hint(err, "ctr ps --filter name=%.60s", argv[0]);
	}
	viewer_init(&l.viewer, &cli->store);
	r = filters_settle(&l.flags->filters, &l.viewer, err);
	if (r == 0)
		r = store_each(&cli->store, list_one, &l, err);
	if (r == 0)
		r = print(&l, err);
	while (l.count)
		view_free(&l.views[--l.count]);
	free(l.views);
	viewer_close(&l.viewer);
	return r < 0 ? -1 : l.failed ? ERR_STATUS_OURS : 0;
}

static const struct flag flags[] = {
	{"all", 'a', NULL, "those that have ended too", FLAG_BOOL(ps_flags, all)},
	{"quiet", 'q', NULL, "ids only", FLAG_BOOL(ps_flags, quiet)},
	{"last", 'n', "N", "the N newest, ended or not", set_last},
	{"latest", 'l', NULL, "the newest, ended or not", set_latest},
	{"filter", 'f', "KEY=VALUE",
		"name=PART, status=, label=KEY[=VALUE], image=, exited=N, …: ctr-ps(1)",
		filters_flag, FLAG_OF(ps_flags, filters, struct filters)},
	{"sort", 0, "KEY", "created, name, image or status (created, newest first)", set_sort},
	{"size", 's', NULL, "how much room each takes, which takes time",
		FLAG_BOOL(ps_flags, size)},
	{"no-trunc", 0, NULL, "whole ids and commands", FLAG_BOOL(ps_flags, no_trunc)},
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		offsetof(struct ps_flags, format)},
	{0},
};

const struct command command_ps = {
	.name = "ps",
	.summary = "List containers",
	.arguments = "",
	.examples = "  ctr ps -a\n"
		    "  ctr ps --filter status=exited --filter label=job\n"
		    "  ctr rm $(ctr ps -q --filter status=exited)\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct ps_flags),
};
