#include "base/fd.h"
#include "base/num.h"
#include "image/commands.h"
#include "image/option.h"
#include "image/store.h"

#include <stdio.h>
#include <string.h>

static json_t *summary(const struct image *image)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:i}", "name", image->name, "id",
		image->id, "manifest", image->manifest, "size", (json_int_t)image->size, "created",
		image->created, "architecture", image->architecture, "os", image->os, "layers",
		(int)image->layer_count);
}

static void print_row(const struct image *image)
{
	char size[16];

	printf("%-36s  %.12s  %-8s  %8s  %.10s\n", image->name, image->id, image->architecture,
		size_format(image->size, size), image->created);
}

enum form { FORM_TABLE, FORM_QUIET, FORM_JSON };

static int show_one(int root_fd, const char *name, enum form form, json_t *list, struct err *err)
{
	struct image image;

	if (image_open(root_fd, name, &image, err) < 0)
		return -1;
	if (form == FORM_JSON)
		json_array_append_new(list, summary(&image));
	else if (form == FORM_QUIET)
		puts(image.id);
	else
		print_row(&image);
	image_free(&image);
	return 0;
}

static int print_json(const json_t *list, struct err *err)
{
	autofree char *text = json_text(list, JSON_INDENT(2), err);

	if (text)
		puts(text);
	return text ? 0 : -1;
}

/* One image that cannot be read does not hide the others. */
static int show_all(int root_fd, const char **names, size_t count, enum form form, struct err *err)
{
	autojson json_t *list = json_array();
	int status = 0;

	if (form == FORM_TABLE && count)
		printf("%-36s  %-12s  %-8s  %8s  %s\n", "NAME", "ID", "ARCH", "SIZE", "CREATED");
	for (size_t i = 0; i < count; i++) {
		if (show_one(root_fd, names[i], form, list, err) == 0)
			continue;
		warn("%s", err->text);
		status = 1;
	}
	if (form == FORM_JSON && print_json(list, err) < 0)
		return -1;
	return status;
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
		return err_set(err, "unknown format '%.40s': table or json", format);
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
};
