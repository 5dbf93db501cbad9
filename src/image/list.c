#include "base/fd.h"
#include "base/num.h"
#include "base/output.h"
#include "base/table.h"
#include "image/commands.h"
#include "image/option.h"
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

static void add_row(struct table *t, const struct image *image)
{
	char size[16], id[13], day[11];

	snprintf(id, sizeof(id), "%.12s", image->id);
	snprintf(day, sizeof(day), "%.10s", image->created);
	table_add(t,
		(const char *const[]){image->name, id, image->architecture,
			size_format(image->unpacked ? image->unpacked : image->size, size), day});
}

static const struct table_loss losses[] = {{2, 0}, {4, 0}, {1, 0}};

enum form { FORM_TABLE, FORM_QUIET, FORM_JSON };

struct listing {
	enum form form;
	struct table table;
	json_t *json;
};

static int show_one(int root_fd, const char *name, struct listing *l, struct err *err)
{
	struct image image;

	if (image_open(root_fd, name, &image, err) < 0)
		return -1;
	if (l->form == FORM_JSON)
		json_array_append_new(l->json, summary(&image));
	else if (l->form == FORM_QUIET)
		puts(image.id);
	else
		add_row(&l->table, &image);
	image_free(&image);
	return 0;
}

/* One image that cannot be read does not hide the others. */
static int show_all(int root_fd, const char **names, size_t count, enum form form, struct err *err)
{
	autojson json_t *json = json_array();
	struct listing l = {.form = form,
		.table = {.columns = 5, .losses = losses, .loss_count = 3},
		.json = json};
	int status = 0;

	table_add(&l.table, (const char *const[]){"NAME", "ID", "ARCH", "SIZE", "CREATED"});
	for (size_t i = 0; i < count; i++) {
		if (show_one(root_fd, names[i], &l, err) == 0)
			continue;
		warn("%s", err->text);
		status = 1;
	}
	if (form == FORM_TABLE)
		table_print(&l.table, stdout);
	table_free(&l.table);
	return form == FORM_JSON && output_json(json, err) < 0 ? -1 : status;
}

static int unknown_format(const char *format, struct err *err)
{
	err_set(err, "unknown format '%.40s': table or json", format);
	return err_hint(err, "for templates, take the JSON: --format json | jq -r '.[].name'");
}

static int run(const struct command *self, int root_fd, int argc, char **argv, struct err *err)
{
	bool quiet = false;
	const char *format = NULL, **names;
	const struct option_def defs[] = {
		{"quiet", 'q', NULL, "only the ids", &quiet, NULL},
		{"format", 0, "table|json", "how to write it", NULL, &format},
	};
	int r = command_begin(self, defs, 2, &argc, argv, 0, 0, err);
	struct arena a = {0};
	enum form form;
	size_t count;

	if (r)
		return r < 0 ? -1 : 0;
	if (format && strcmp(format, "json") != 0 && strcmp(format, "table") != 0)
		return unknown_format(format, err);
	form = format && strcmp(format, "json") == 0 ? FORM_JSON : quiet ? FORM_QUIET : FORM_TABLE;
	r = image_names(root_fd, &a, &names, &count, err);
	if (r == 0)
		r = show_all(root_fd, names, count, form, err);
	arena_free(&a);
	return r;
}

const struct command image_list = {
	"ls",
	"[-q] [--format json]",
	"List the images",
	"  ctr image ls\n"
	"  ctr image ls --format json | jq -r '.[].name'\n",
	run,
	true,
};
