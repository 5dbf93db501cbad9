#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/table.h"
#include "cli/command.h"
#include "cli/view.h"
#include "state/gc.h"
#include "state/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum filter_key { FILTER_NAME, FILTER_ID, FILTER_IMAGE, FILTER_LABEL, FILTER_STATUS, FILTER_KEYS };
static const char *const filter_names[] = {
	[FILTER_NAME] = "name",
	[FILTER_ID] = "id",
	[FILTER_IMAGE] = "image",
	[FILTER_LABEL] = "label",
	[FILTER_STATUS] = "status",
};
#define FILTER_HINT "keys are name, id, image (or ancestor), label and status"

enum { FILTERS_MAX = 32 };

struct filter {
	enum filter_key key;
	const char *value;
};

typedef int compare_fn(const void *a, const void *b);

struct ps_flags {
	bool all, quiet, no_trunc;
	uint64_t last; /* 0: all */
	enum output_format format;
	compare_fn *compare;
	struct filter filters[FILTERS_MAX];
	size_t filter_count;
};

struct list {
	struct viewer viewer;
	const struct ps_flags *flags;
	struct view *views;
	size_t count, room;
	bool failed;
};

static int by_created(const void *a, const void *b)
{
	int64_t x = ((const struct view *)a)->metadata.created_ns;
	int64_t y = ((const struct view *)b)->metadata.created_ns;

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

static bool is_status(const char *word)
{
	for (enum container_status s = CONTAINER_CREATING; s <= CONTAINER_EXITED; s++)
		if (strcmp(container_status_name(s), word) == 0)
			return true;
	return false;
}

/* FILTER_KEYS if there is none; docker calls an image ancestor. */
static enum filter_key find_key(const char *word, size_t len)
{
	enum filter_key key = 0;

	if (len == strlen("ancestor") && strncmp(word, "ancestor", len) == 0)
		return FILTER_IMAGE;
	while (key < FILTER_KEYS &&
		(strlen(filter_names[key]) != len || strncmp(filter_names[key], word, len) != 0))
		key++;
	return key;
}

static int set_filter(void *to, const char *what, const char *value, struct err *err)
{
	struct ps_flags *f = to;
	const char *equals = strchr(value, '=');
	size_t len = equals ? (size_t)(equals - value) : 0;
	enum filter_key key = find_key(value, len);

	if (!equals || !len || !equals[1]) {
		err_value(err, what, value, "is not KEY=VALUE");
		return err_hint(err, FILTER_HINT);
	}
	if (key == FILTER_KEYS) {
		err_set(err, "%s: there is no key '%.*s' to filter by", what, (int)len, value);
		return err_hint(err, FILTER_HINT);
	}
	if (key == FILTER_STATUS && !is_status(equals + 1)) {
		err_value(err, what, equals + 1, "is no status");
		return err_hint(err, "a container is creating, running, paused or exited");
	}
	if (f->filter_count == FILTERS_MAX)
		return err_set(err, "%s: more than %d are too many", what, FILTERS_MAX);
	f->filters[f->filter_count++] = (struct filter){key, equals + 1};
	/* As docker does: who asks for the exited ones means to see them. */
	f->all = f->all || key == FILTER_STATUS;
	return 0;
}

static int set_last(void *to, const char *what, const char *value, struct err *err)
{
	struct ps_flags *f = to;

	if (num_parse_u64(value, &f->last) < 0 || f->last == 0)
		return err_value(err, what, value, "is not a number of containers");
	f->all = true;
	return 0;
}

static int set_format(void *to, const char *what, const char *value, struct err *err)
{
	return output_format_parse(what, value, &((struct ps_flags *)to)->format, err);
}

static int set_all(void *to, const char *what, const char *value, struct err *err)
{
	return flag_bool(what, value, &((struct ps_flags *)to)->all, err);
}

static int set_quiet(void *to, const char *what, const char *value, struct err *err)
{
	return flag_bool(what, value, &((struct ps_flags *)to)->quiet, err);
}

static int set_no_trunc(void *to, const char *what, const char *value, struct err *err)
{
	return flag_bool(what, value, &((struct ps_flags *)to)->no_trunc, err);
}

/* "KEY" or "KEY=VALUE". */
static bool has_label(const struct metadata *s, const char *want)
{
	size_t len = strcspn(want, "=");

	for (size_t i = 0; i < s->label_count; i++)
		if (strlen(s->labels[i].key) == len && strncmp(s->labels[i].key, want, len) == 0)
			return !want[len] || strcmp(s->labels[i].value, want + len + 1) == 0;
	return false;
}

/* An image's name with or without its tag. */
static bool is_image(const struct view *view, const char *want)
{
	const char *image = view_source(view);
	size_t len = strlen(want);

	return strncmp(image, want, len) == 0 &&
	       (!image[len] || image[len] == ':' || image[len] == '@');
}

static bool filter_matches(const struct filter *f, const struct view *view)
{
	const struct metadata *s = &view->metadata;

	switch (f->key) {
	case FILTER_NAME:
		return strstr(s->name, f->value);
	case FILTER_ID:
		return strncmp(s->id, f->value, strlen(f->value)) == 0;
	case FILTER_IMAGE:
		return is_image(view, f->value);
	case FILTER_LABEL:
		return has_label(s, f->value);
	default:
		return strcmp(container_status_name(view->status), f->value) == 0;
	}
}

/* One of each key that was given; of labels, all. */
static bool wanted(const struct ps_flags *f, const struct view *view)
{
	bool asked[FILTER_KEYS] = {0}, met[FILTER_KEYS] = {0};

	for (size_t i = 0; i < f->filter_count; i++) {
		enum filter_key key = f->filters[i].key;
		bool matches = filter_matches(&f->filters[i], view);

		if (key == FILTER_LABEL && !matches)
			return false;
		asked[key] = true;
		met[key] = met[key] || matches;
	}
	return memcmp(asked, met, sizeof(asked)) == 0;
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
	return 0;
}

/* One that cannot be read is reported, and the others are shown. */
static int list_one(const char *name, void *arg, struct err *err)
{
	struct list *l = arg;
	struct view view;
	int r = viewer_look(&l->viewer, name, l->flags->all ? VIEW_ANY : VIEW_ALIVE, &view, err);

	/* Nor would there be any for the others. */
	if (r < 0 && err->sys == ENOMEM)
		return -1;
	if (r < 0) {
		err_print(err, "ctr: ps");
		l->failed = true;
	}
	if (r <= 0)
		return 0;
	if (wanted(l->flags, &view))
		return append(l, &view, err);
	view_free(&view);
	return 0;
}

static void print_ids(const struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		printf("%.*s\n", l->flags->no_trunc ? 64 : 12, l->views[i].metadata.id);
}

static void add_row(struct table *t, const struct view *view, bool no_trunc, int64_t now)
{
	const struct metadata *s = &view->metadata;
	char age[AGE_SIZE], status[STATUS_SIZE], created[AGE_SIZE + 8] = "";
	struct arena *a = &t->arena;

	if (s->created_ns)
		snprintf(created, sizeof(created), "%s ago", age_format(now - s->created_ns, age));
	table_add(t, (const char *const[]){
			     s->name,
			     no_trunc ? s->id : arena_printf(a, "%.12s", s->id),
			     output_text(a, view_source(view), no_trunc ? 0 : 40),
			     output_text(a, view_command(view, a), no_trunc ? 0 : 30),
			     created,
			     view_status(view, now, status),
		     });
}

enum { NAME, ID, IMAGE, COMMAND, CREATED, STATUS, COLUMNS };

/* A name is never cut: it is what other commands take. */
static const struct table_loss losses[] = {{COMMAND, 12}, {IMAGE, 16}, {CREATED, 0}, {ID, 0},
	{COMMAND, 0}, {IMAGE, 8}, {STATUS, 12}, {IMAGE, 0}};

static void print_table(const struct list *l)
{
	struct table t = {.columns = COLUMNS, .losses = losses};

	t.loss_count = l->flags->no_trunc ? 0 : sizeof(losses) / sizeof(losses[0]);
	table_add(&t, (const char *const[]){"NAME", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS"});
	for (size_t i = 0; i < l->count; i++)
		add_row(&t, &l->views[i], l->flags->no_trunc, now_ns());
	table_print(&t, stdout);
	table_free(&t);
}

static int print_json(const struct list *l, struct err *err)
{
	autojson json_t *all = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(all, view_json(&l->views[i]));
	return output_json(all, err);
}

static void sort_and_cut(struct list *l)
{
	const struct ps_flags *f = l->flags;

	if (l->count)
		qsort(l->views, l->count, sizeof(*l->views), by_created);
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
	else if (l->flags->format == OUTPUT_TABLE)
		print_table(l);
	else if (print_json(l, err) < 0)
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
	{"all", 'a', NULL, "those that have ended too", set_all},
	{"quiet", 'q', NULL, "ids only", set_quiet},
	{"last", 'n', "N", "the N newest, ended or not", set_last},
	{"filter", 'f', "KEY=VALUE",
		"name=PART, status=STATUS, label=KEY[=VALUE], id=, image=", set_filter},
	{"sort", 0, "KEY", "created, name, image or status (created, newest first)", set_sort},
	{"no-trunc", 0, NULL, "whole ids and commands", set_no_trunc},
	{"format", 0, "FORMAT", "table or json (table)", set_format},
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
