/* config.json, by both origins. What is taken is written, read and written again as the same bytes. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "spec/config.h"

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
	fuzz_round_trip(&spec);
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
