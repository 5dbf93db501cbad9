#include "base/fd.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "image/commands.h"
#include "image/store.h"

#include <stdio.h>
#include <string.h>

static int print(int root_fd, const struct image *image, const struct format *format,
	struct err *err)
{
	char path[120];
	autojson json_t *record = NULL, *config = NULL, *manifest = NULL;
	autofree char *short_text = record_text(image, err);

	if (!short_text)
		return -1;
	record = json_loads(short_text, 0, NULL);
	snprintf(path, sizeof(path), "images/blobs/sha256/%s", image->id);
	config = json_read(root_fd, path, err);
	if (!config)
		return -1;
	snprintf(path, sizeof(path), "images/blobs/sha256/%s", image->manifest);
	manifest = json_read(root_fd, path, err);
	if (!manifest)
		return -1;
	json_object_set(record, "oci_config", config);
	json_object_set(record, "oci_manifest", manifest);
	return format_print(format, record, err);
}

static const struct flag flags[] = {
	{"format", 'f', "FORMAT", "json or a template (json)", format_set_shown},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	struct format *format = options;
	struct image image;
	int r;

	(void)argc;
	format->json = !format->template;
	if (image_open(root_fd, argv[0], &image, err) < 0)
		return -1;
	r = print(root_fd, &image, format, err);
	image_free(&image);
	return r;
}

const struct command image_inspect = {
	.name = "inspect",
	.synopsis = "[--format FORMAT] IMAGE",
	.summary = "Show all that is known of an image, as JSON",
	.examples = "  ctr image inspect debian\n"
		    "  ctr image inspect --format '{{json .config.Env}}' debian\n",
	.flags = flags,
	.options_size = sizeof(struct format),
	.words_min = 1,
	.words_max = 1,
	.run = run,
	.reads = true,
};
