#include "container/engine.h"
#include "oci/command.h"
#include "state/gc.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_state(struct container *c, enum container_status status, void *arg,
	struct err *err)
{
	autofree char *text = bundle_state(c, status, STATE_INDENTED, err);

	(void)arg;
	if (!text)
		return -1;
	output_document(stdout, text);
	return 0;
}

static int state(struct oci *oci, void *options, char **words, struct err *err)
{
	return bundle_do(&oci->store, words[0], NAMELOCK_NONE, print_state, options, err);
}

const struct oci_command oci_state = {
	.name = "state",
	.summary = "Print the state of a container",
	.arguments = "ID",
	.words_min = 1,
	.words_max = 1,
	.run = state,
};

struct list_options {
	const char *format;
	bool quiet;
};

struct listing {
	struct oci *oci;
	json_t *all;
};

static int add_state(struct container *c, enum container_status status, void *arg, struct err *err)
{
	autofree char *text = bundle_state(c, status, STATE_COMPACT, err);
	json_t *j = text ? json_parse("state", text, strlen(text), err) : NULL;

	return !j ? -1 : json_array_append_new(arg, j) < 0 ? err_set(err, "out of memory") : 0;
}

/* One that goes while we look is not listed; one that is broken is no reason not to list the others. */
static int list_one(const char *id, void *arg, struct err *err)
{
	const struct listing *l = arg;

	if (bundle_do(&l->oci->store, id, NAMELOCK_NONE, add_state, l->all, err) < 0 &&
		err->sys != ENOENT)
		warn("%s is not listed: %s", id, err->text);
	return 0;
}

static const char *member(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s ? s : "";
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(member(*(json_t *const *)a, "id"), member(*(json_t *const *)b, "id"));
}

static void sort(json_t *all)
{
	size_t n = json_array_size(all), i;
	autofree json_t **items = malloc((n + 1) * sizeof(json_t *));
	json_t *j;

	if (!items)
		return;
	json_array_foreach (all, i, j)
		items[i] = json_incref(j);
	qsort(items, n, sizeof(*items), compare_ids);
	for (i = 0; i < n; i++)
		json_array_set_new(all, i, items[i]);
}

static void print_row(const char *id, const char *pid, const char *status, const char *bundle,
	const char *created)
{
	output_print(stdout, "%-40s %-10s %-10s %-40s %s\n", id, pid, status, bundle, created);
}

static void print_table(const json_t *all, bool quiet)
{
	size_t i;
	json_t *j;

	if (!quiet)
		print_row("ID", "PID", "STATUS", "BUNDLE", "CREATED");
	json_array_foreach (all, i, j) {
		char pid[16];

		snprintf(pid, sizeof(pid), "%lld",
			(long long)json_integer_value(json_object_get(j, "pid")));
		if (quiet)
			puts(member(j, "id"));
		else
			print_row(member(j, "id"), pid, member(j, "status"), member(j, "bundle"),
				member(j, "created"));
	}
}

static int list(struct oci *oci, void *options, char **words, struct err *err)
{
	const struct list_options *o = options;
	autojson json_t *all = json_array();
	struct listing l = {oci, all};
	autofree char *text = NULL;

	(void)words;
	if (o->format && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
		return err_value(err, "--format", o->format, "is neither table nor json");
	if (store_each(&oci->store, list_one, &l, err) < 0)
		return -1;
	sort(all);
	if (!o->format || strcmp(o->format, "table") == 0) {
		print_table(all, o->quiet);
		return 0;
	}
	text = json_text(all, JSON_COMPACT, err);
	if (!text)
		return -1;
	output_document(stdout, text);
	return 0;
}

static const struct flag list_table[] = {
	{"format", 'f', "VALUE", "table or json", FLAG_TEXT(list_options, format)},
	{"quiet", 'q', NULL, "ids only", FLAG_BOOL(list_options, quiet)},
	{NULL},
};

const struct oci_command oci_list = {
	.name = "list",
	.summary = "Print all containers",
	.options = list_table,
	.options_size = sizeof(struct list_options),
	.run = list,
};
