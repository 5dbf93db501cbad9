/* ctr update: other limits for containers that exist. */
#include "container/update.h"
#include "cli/each.h"
#include "cli/runflags.h"
#include "spec/limitchange.h"

#include <stdio.h>
#include <stdlib.h>
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

/* What is said otherwise there, as nothing is the default here, or not at all. */
static const struct flag own[] = {
	{"pids", 0, "N", "at most so many processes, -1: any", set_option},
	{"quiet", 'q', NULL, "names only", FLAG_BOOL(update_flags, quiet)},
	{"restart", 0, "POLICY", "no, on-failure[:N], always or unless-stopped", set_option},
};

enum { OWN = sizeof(own) / sizeof(own[0]), FLAGS_MAX = 40 };

static struct flag flags[FLAGS_MAX + 1];

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct flag *)a)->name, ((const struct flag *)b)->name);
}

/* Those of run that are limits, in the words of its help. */
static void init(void *options)
{
	size_t n = OWN;

	(void)options;
	memcpy(flags, own, sizeof(own));
	for (const struct flag *f = run_flags; f->name && n < FLAGS_MAX; f++)
		if (limit_option_exists(f->name) &&
			!bsearch(f, own, OWN, sizeof(own[0]), compare_names))
			flags[n++] = (struct flag){f->name, f->letter, f->value, f->help,
				set_option};
	qsort(flags, n, sizeof(flags[0]), compare_names);
}

const struct command command_update = {
	.name = "update",
	.summary = "Change the limits of containers",
	.arguments = "CONTAINER…",
	.examples = "  ctr update -m 1g --cpus 2 web\n"
		    "  ctr update --memory max web     takes a limit off\n",
	.flags = flags,
	.run = update,
	.init = init,
	.options_size = sizeof(struct update_flags),
	.use = STORE_CHANGE,
};
