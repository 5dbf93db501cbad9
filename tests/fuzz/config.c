/* config.json, by both origins, and parts of it alone. What is taken is written, read and written again
 * as the same bytes. */
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
	if (origin == CONFIG_ENGINE) {
		config_rebase(&spec, "/bundle");
		/* Which are refused in ours. */
		spec.hooks = (struct hooks){0};
		spec.net_device_count = 0;
	}
	fuzz_round_trip(&spec);
	spec_free(&spec);
}

typedef int part_fn(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err);

static void read_part(part_fn *fn, const char *text, size_t len)
{
	struct err err = {0};
	struct spec base, spec;

	fuzz_spec_init(&base);
	fuzz_fill(&spec, sizeof(spec));
	if (fn("part", text, len, &base, &spec, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&spec, sizeof(spec));
	} else {
		spec_free(&spec);
	}
	spec_free(&base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t len;
	autofree char *text = fuzz_rest(&in, &len);

	read_as(CONFIG_ENGINE, text, len);
	read_as(CONFIG_OURS, text, len);
	read_part(config_read_process, text, len);
	read_part(config_read_resources, text, len);
	return 0;
}
