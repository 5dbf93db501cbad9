#include "base/clock.h"
#include "base/eventlog.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/template.h"
#include "cli/command.h"
#include "cli/output.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum filter_key { FILTER_NAME, FILTER_EVENT, FILTER_TYPE, FILTER_KEYS };

static const char *const filter_names[] = {
	[FILTER_NAME] = "name",
	[FILTER_EVENT] = "event",
	[FILTER_TYPE] = "type",
};

struct filter {
	enum filter_key key;
	const char *value;
};

struct events_flags {
	struct arena arena;
	bool follow;
	struct format format;        /* a line for each event, if it is a table */
	uint64_t since_ns, until_ns; /* 0: no bound */
	struct filter *filters;
	size_t filter_count;
};

/* A length of time means the past here, too; a moment to come is given as such. */
static int set_filter(void *to, const char *what, const char *value, struct err *err)
{
	const char *equals = strchr(value, '=');
	size_t len = equals ? (size_t)(equals - value) : 0;
	struct events_flags *f = to;
	struct filter filter = {.key = 0};

	while (filter.key < FILTER_KEYS && (strlen(filter_names[filter.key]) != len ||
						   strncmp(filter_names[filter.key], value, len)))
		filter.key++;
	if (!equals || filter.key == FILTER_KEYS || !equals[1]) {
		err_value(err, what, value, "is not KEY=VALUE");
		return err_hint(err,
			"name=NAME, event=ACTION or type=container|image|volume|network");
	}
	filter.value = equals + 1;
	arena_push(&f->arena, f->filters, f->filter_count, filter);
	return 0;
}

static json_t *event_json(const struct event *e)
{
	json_t *j = json_object(), *attributes = json_object();
	char when[TIME_SIZE];

	json_object_set_new(j, "time", json_string(time_format(e->time_ns, when)));
	json_object_set_new(j, "timeNs", json_integer(e->time_ns));
	json_object_set_new(j, "type", json_string(e->type));
	json_object_set_new(j, "action", json_string(e->action));
	json_object_set_new(j, "id", e->id ? json_string(e->id) : json_null());
	json_object_set_new(j, "name", json_string(e->name));
	for (size_t i = 0; i < e->attribute_count; i++)
		json_object_set_new(attributes, e->attributes[i].key,
			json_string(e->attributes[i].value));
	json_object_set_new(j, "attributes", attributes);
	return j;
}

/* Whether there is what it asks for is known before anything happens. */
static int set_format(void *to, const char *what, const char *value, struct err *err)
{
	struct events_flags *f = to;
	const struct event some = {.type = "", .action = "", .name = ""};
	autojson json_t *j = event_json(&some);
	char *ignored;

	if (format_set_shown(&f->format, what, value, err) < 0)
		return -1;
	return f->format.json ? 0 : template_fill(&f->arena, f->format.template, j, &ignored, err);
}

static bool filter_matches(const struct filter *f, const struct event *e)
{
	const char *of_event[] = {
		[FILTER_NAME] = e->name,
		[FILTER_EVENT] = e->action,
		[FILTER_TYPE] = e->type,
	};

	return strcmp(of_event[f->key], f->value) == 0;
}

/* One of each key that was given. */
static bool wanted(const struct events_flags *f, const struct event *e)
{
	bool asked[FILTER_KEYS] = {0}, met[FILTER_KEYS] = {0};

	for (size_t i = 0; i < f->filter_count; i++) {
		asked[f->filters[i].key] = true;
		met[f->filters[i].key] |= filter_matches(&f->filters[i], e);
	}
	return memcmp(asked, met, sizeof(asked)) == 0 &&
	       (!f->since_ns || e->time_ns >= (int64_t)f->since_ns) &&
	       (!f->until_ns || e->time_ns <= (int64_t)f->until_ns);
}

static int print_json(const struct events_flags *f, const struct event *e, struct err *err)
{
	autojson json_t *j = event_json(e);
	autofree char *text = NULL;

	if (f->format.template)
		return format_print(&f->format, j, err);
	text = json_text(j, JSON_COMPACT, err);
	if (!text)
		return -1;
	output_document(stdout, text);
	return 0;
}

static void print_line(const struct event *e)
{
	char when[TIME_SIZE];
	const char *before = "(";

	output_print(stdout, "%s %s %s %s", time_format(e->time_ns, when), e->type, e->action,
		e->name);
	if (e->id)
		output_print(stdout, " (id=%.12s", e->id);
	before = e->id ? ", " : " (";
	for (size_t i = 0; i < e->attribute_count; i++) {
		output_print(stdout, "%s%s=%s", before, e->attributes[i].key,
			e->attributes[i].value);
		before = ", ";
	}
	puts(e->id || e->attribute_count ? ")" : "");
}

static int show(const struct event *e, void *arg, struct err *err)
{
	const struct events_flags *f = arg;

	if (!wanted(f, e))
		return 0;
	if (!format_is_table(&f->format))
		return print_json(f, e, err);
	print_line(e);
	return 0;
}

/* How long to wait, for poll(2): until the last moment that is asked for. */
static int wait_ms(const struct events_flags *f)
{
	int64_t left = (int64_t)f->until_ns - now_ns();

	if (!f->until_ns || left > (int64_t)INT32_MAX * 1000000)
		return f->until_ns ? INT32_MAX : -1;
	return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

/* 1 if there may be more, 0 if nobody wants any, or -1. */
static int await_more(const struct events_flags *f, int watch, struct err *err)
{
	struct pollfd p[] = {{watch, POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
	char buf[4096];
	int n = poll(p, 2, wait_ms(f));

	if (n < 0)
		return err_sys(err, "wait for events");
	if (n == 0 || (p[1].revents & POLLERR))
		return 0;
	while (read(watch, buf, sizeof(buf)) > 0)
		;
	return 1;
}

static int follow(struct eventlog *l, struct events_flags *f, struct err *err)
{
	autofd int watch = f->follow ? eventlog_watch(l->dirfd, err) : -1;
	int r;

	if (f->follow && watch < 0)
		return -1;
	do {
		r = eventlog_read(l, show, f, err);
		if (r < 0 || output_end(err) < 0)
			return -1;
	} while (f->follow && (r = await_more(f, watch, err)) > 0);
	return r;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct events_flags *f = options;
	struct eventlog l;
	int r;

	if (argc) {
		err_set(err, "takes no words, not '%.60s'", argv[0]);
		return err_hint(err, "ctr events --filter name=%.60s", argv[0]);
	}
	/* What is to be waited for can be the first of all. */
	if (f->follow && cli->store.root_fd < 0 &&
		(cli->store.root_fd = dir_make_path(cli->store.root, 0700, err)) < 0)
		return -1;
	if (eventlog_open(&l, cli->store.root_fd, err) < 0)
		return -1;
	r = follow(&l, f, err);
	eventlog_close(&l);
	arena_free(&f->arena);
	return r;
}

static const struct flag flags[] = {
	{"filter", 0, "KEY=VALUE", "name=NAME, event=ACTION, type=TYPE", set_filter},
	{"follow", 'f', NULL, "go on with what happens from now on",
		FLAG_BOOL(events_flags, follow)},
	{"format", 0, "FORMAT", "json or a template, for each event (a sentence)", set_format},
	{"since", 0, "TIME", "not what is older: 10m, 2026-01-31T12:00:00Z, seconds since 1970",
		flag_time, FLAG_OF(events_flags, since_ns, uint64_t)},
	{"until", 0, "TIME", "not what is newer", flag_time,
		FLAG_OF(events_flags, until_ns, uint64_t)},
	{0},
};

const struct command command_events = {
	.name = "events",
	.summary = "Print what happened to containers, images, volumes and networks",
	.arguments = "",
	.examples =
		"  ctr events --since 1h\n"
		"  ctr events -f --filter event=die --format '{{.name}} {{.attributes.exitCode}}'\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct events_flags),
};
