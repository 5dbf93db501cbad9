/* The store's own document of an image, and the OCI image config that it is filled from. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "image/record.h"

#include <string.h>

static void round_trip(const struct image *image)
{
	struct err err = {0};
	autofree char *first = record_text(image, &err), *second = NULL;
	autojson json_t *doc = NULL;
	struct image again;

	require(first);
	doc = json_parse("again", first, strlen(first), &err);
	require(doc);
	require(record_parse("again", doc, &again, &err) == 0);
	second = record_text(&again, &err);
	require(second && strcmp(first, second) == 0);
	image_free(&again);
}

static void parse(const json_t *doc)
{
	struct err err = {0};
	struct image image;

	fuzz_fill(&image, sizeof(image));
	if (record_parse("refs/x.json", doc, &image, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&image, sizeof(image));
		return;
	}
	round_trip(&image);
	image_free(&image);
}

static void parse_config(const json_t *doc)
{
	static const char hex[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct image image = {.name = "a:b", .manifest = hex, .id = hex};
	struct err err = {0};

	if (record_config("image config", doc, &image, &err) < 0)
		fuzz_refused(&err);
	else
		round_trip(&image);
	image_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct err err = {0};
	size_t len;
	autofree char *text = fuzz_rest(&in, &len);
	autojson json_t *doc = json_parse("document", text, len, &err);

	if (!doc) {
		fuzz_refused(&err);
		return 0;
	}
	parse(doc);
	parse_config(doc);
	return 0;
}
