/* config.json, by both origins. What is taken is written, read and written again as the same bytes. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "spec/config.h"

#include <string.h>

static char *write_text(const struct spec *spec, struct err *err)
{
	autojson json_t *j = config_write(spec, "/root", err);

	return j ? json_text(j, JSON_INDENT(1), err) : NULL;
}

static void round_trip(const struct spec *spec)
{
	struct err err = {0};
	autofree char *first = write_text(spec, &err), *second = NULL;
	struct spec again;

	/* Some values have no form of their own in JSON; then it says so. */
	if (!first) {
		fuzz_refused(&err);
		return;
	}
	require(config_read("again", first, strlen(first), CONFIG_OURS, &again, &err) == 0);
	second = write_text(&again, &err);
	require(second);
	require(strcmp(first, second) == 0);
	spec_free(&again);
}

static void read_as(enum config_origin origin, const char *text, size_t len)
{
	struct err err = {0};
	struct spec spec;

	fuzz_fill(&spec, sizeof(spec));
	if (config_read("config.json", text, len, origin, &spec, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&spec, sizeof(spec));
		return;
	}
	round_trip(&spec);
	spec_free(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t len;
	autofree char *text = fuzz_rest(&in, &len);

	read_as(CONFIG_ENGINE, text, len);
	read_as(CONFIG_OURS, text, len);
	return 0;
}
