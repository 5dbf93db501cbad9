#include "base/table.h"
#include "check/probe.h"
#include "cli/command.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

static bool can_run(const struct probes *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].state == PROBE_MISSING)
			return false;
	return true;
}

static int print_json(const struct format *f, const struct probes *p, struct err *err)
{
	autojson json_t *j = json_object();
	json_t *list = json_array();

	json_object_set_new(j, "works", json_boolean(can_run(p)));
	json_object_set_new(j, "features", list);
	for (size_t i = 0; i < p->count; i++) {
		const struct probe *row = &p->items[i];

		json_array_append_new(list,
			json_pack("{ss ss ss ss*}", "feature", row->feature, "state",
				probe_state_name(row->state), "detail", row->detail, "cure",
				row->cure[0] ? row->cure : NULL));
	}
	return format_print(f, j, err);
}

/* Cures behind the table: one often does for several rows. */
static void print_cures(const struct probes *p)
{
	for (size_t i = 0; i < p->count; i++) {
		bool again = p->items[i].cure[0] == '\0';

		for (size_t k = 0; k < i && !again; k++)
			again = strcmp(p->items[k].cure, p->items[i].cure) == 0;
		if (!again)
			printf("hint: %s: %s\n", p->items[i].feature, p->items[i].cure);
	}
}

static void print_table(const struct probes *p)
{
	struct table t = {.columns = 3, .wraps = true};

	table_add(&t, (const char *const[]){"FEATURE", "STATE", "DETAIL"});
	for (size_t i = 0; i < p->count; i++)
		table_add(&t, (const char *const[]){p->items[i].feature,
				      probe_state_name(p->items[i].state), p->items[i].detail});
	table_print(&t, stdout);
	table_free(&t);
	print_cures(p);
	puts(can_run(p) ? "ctr run works on this host" : "ctr run does not work on this host");
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct format *format = options;
	static struct probes probes;
	struct err store_err = {0};
	int r;

	if (argc > 1 || (argc == 1 && strcmp(argv[0], "host") != 0))
		return err_set(err, "'%.60s' cannot be checked: only 'host' can", argv[argc - 1]);
	/* Opened here: that it cannot be is something to tell, not to fail by. */
	r = store_open(cli->root, cli->state, STORE_MAKE, &cli->store, &store_err);
	probe_host(r < 0 ? NULL : &cli->store, &store_err, &probes);
	if (r == 0)
		store_close(&cli->store);
	if (format_is_table(format))
		print_table(&probes);
	else if (print_json(format, &probes, err) < 0)
		return -1;
	return output_end(err) < 0 ? -1 : !can_run(&probes);
}

static const struct flag flags[] = {
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set},
	{0},
};

const struct command command_check = {
	.name = "check",
	.summary = "Try what this host can do for containers",
	.arguments = "[host]",
	.examples = "  ctr check\n  ctr check --format '{{.works}}'\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct format),
	.stateless = true,
};
