/* What is kept of a container: its record and container.json. What is taken is written and read again
 * as the same. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "state/record.h"

#include <string.h>

static void check_record(const char *text, size_t len)
{
	struct err err = {0};
	struct record r, again;
	autofree char *first = NULL, *second = NULL;

	fuzz_fill(&r, sizeof(r));
	if (container_record_parse(text, len, &r, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&r, sizeof(r));
		return;
	}
	first = container_record_format(&r, &err);
	require(first);
	require(container_record_parse(first, strlen(first), &again, &err) == 0);
	second = container_record_format(&again, &err);
	require(second && strcmp(first, second) == 0);
}

static void check_summary(const char *text, size_t len)
{
	struct err err = {0};
	struct metadata s, again;
	autofree char *first = NULL, *second = NULL;

	fuzz_fill(&s, sizeof(s));
	if (metadata_parse(text, len, &s, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&s, sizeof(s));
		return;
	}
	first = metadata_format(&s, &err);
	require(first);
	require(metadata_parse(first, strlen(first), &again, &err) == 0);
	second = metadata_format(&again, &err);
	require(second && strcmp(first, second) == 0);
	metadata_free(&again);
	metadata_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t len;
	autofree char *text = fuzz_rest(&in, &len);

	check_record(text, len);
	check_summary(text, len);
	return 0;
}
