#include "base/fd.h"
#include "base/format.h"
#include "base/num.h"
#include "base/output.h"
#include "base/table.h"
#include "image/commands.h"
#include "image/store.h"

#include <stdio.h>
#include <string.h>

static json_t *summary(const struct image *image)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:i}", "name", image->name, "id",
		image->id, "manifest", image->manifest, "size", (json_int_t)image->size, "unpacked",
		(json_int_t)image->unpacked, "created", image->created, "architecture",
		image->architecture, "os", image->os, "layers", (int)image->layer_count);
}

static void add_row(struct table *t, const struct image *image, bool no_trunc)
{
	char size[16], id[65], day[11];

	snprintf(id, sizeof(id), "%.*s", no_trunc ? 64 : 12, image->id);
	snprintf(day, sizeof(day), "%.10s", image->created);
	table_add(t,
		(const char *const[]){image->name, id, image->architecture,
			size_format(image->unpacked ? image->unpacked : image->size, size), day});
}

static const struct table_loss losses[] = {{2, 0}, {4, 0}, {1, 0}};

struct listing {
	struct format format;
	bool quiet, no_trunc;
	struct table table;
	json_t *json;
};

static int show_one(int root_fd, const char *name, struct listing *l, struct err *err)
{
	struct image image;

	if (image_open(root_fd, name, &image, err) < 0)
		return -1;
	if (l->quiet)
		puts(image.id);
	else if (format_is_table(&l->format))
		add_row(&l->table, &image, l->no_trunc);
	else
		json_array_append_new(l->json, summary(&image));
	image_free(&image);
	return 0;
}

static int print(const struct listing *l, struct err *err)
{
	if (l->quiet)
		return 0;
	if (!format_is_table(&l->format))
		return format_print_list(&l->format, l->json, err);
	table_print(&l->table, stdout);
	return 0;
}

/* One image that cannot be read does not hide the others. */
static int show_all(int root_fd, const char **names, size_t count, struct listing *l,
	struct err *err)
{
	autojson json_t *json = json_array();
	int status = 0;

	l->json = json;
	l->table = (struct table){.columns = 5,
		.losses = losses,
		.loss_count = l->no_trunc ? 0 : sizeof(losses) / sizeof(losses[0])};
	table_add(&l->table, (const char *const[]){"NAME", "ID", "ARCH", "SIZE", "CREATED"});
	for (size_t i = 0; i < count; i++) {
		if (show_one(root_fd, names[i], l, err) == 0)
			continue;
		warn("%s", err->text);
		status = 1;
	}
	if (print(l, err) < 0)
		status = -1;
	table_free(&l->table);
	return status;
}

static const struct flag flags[] = {
	{"quiet", 'q', NULL, "only the ids", FLAG_BOOL(listing, quiet)},
	{"no-trunc", 0, NULL, "whole ids, all columns", FLAG_BOOL(listing, no_trunc)},
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		FLAG_OF(listing, format, struct format)},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	struct arena a = {0};
	const char **names;
	size_t count;
	int r = image_names(root_fd, &a, &names, &count, err);

	(void)argc, (void)argv;
	if (r == 0)
		r = show_all(root_fd, names, count, options, err);
	arena_free(&a);
	return r;
}

const struct command image_list = {
	.name = "ls",
	.synopsis = "[-q] [--no-trunc] [--format FORMAT]",
	.summary = "List the images",
	.examples = "  ctr image ls\n"
		    "  ctr image ls --format '{{.name}} {{.size}}'\n",
	.flags = flags,
	.options_size = sizeof(struct listing),
	.run = run,
	.reads = true,
};
