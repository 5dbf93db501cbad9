#include "cli/command.h"
#include "cli/output.h"
#include "container/changes.h"
#include "container/life.h"

#include <stdio.h>

struct diff_flags {
	struct format format;
};

static int print_line(enum change change, const char *path, void *arg, struct err *err)
{
	(void)arg, (void)err;
	output_print(stdout, "%c %s\n", (char)change, path);
	return 0;
}

static int append(enum change change, const char *path, void *arg, struct err *err)
{
	const char *word = change == CHANGE_ADDED     ? "added"
			   : change == CHANGE_DELETED ? "deleted"
						      : "changed";
	json_t *j = json_object();

	(void)err;
	json_object_set_new(j, "change", json_string(word));
	json_object_set_new(j, "path", json_shown(path));
	json_array_append_new(arg, j);
	return 0;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct diff_flags *f = options;
	char name[SPEC_NAME_MAX + 1];
	autojson json_t *all = json_array();

	if (argc != 1) {
		err_set(err, "diff takes one container");
		return err_hint(err, "ctr diff CONTAINER");
	}
	if (container_find(&cli->store, argv[0], name, err) < 0)
		return -1;
	if (format_is_table(&f->format))
		return changes_each(&cli->store, name, print_line, NULL, err) < 0 ? -1
										  : output_end(err);
	if (changes_each(&cli->store, name, append, all, err) < 0 ||
		format_print_list(&f->format, all, err) < 0)
		return -1;
	return output_end(err);
}

static const struct flag flags[] = {
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		offsetof(struct diff_flags, format)},
	{0},
};

const struct command command_diff = {
	.name = "diff",
	.summary = "List what a container has changed in its root",
	.arguments = "CONTAINER",
	.examples = "  ctr diff web\n  ctr diff --format json web\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct diff_flags),
};
