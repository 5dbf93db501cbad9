/* Numbers, sizes, lengths of time, signals, points in time. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/num.h"
#include "console/console.h"
#include "console/logfile.h"
#include "spec/capname.h"
#include "spec/signame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void check_numbers(const char *s)
{
	uint64_t u64;
	uint32_t u32;
	int64_t i64;
	char again[32];

	fuzz_fill(&u64, sizeof(u64));
	if (num_parse_u64(s, &u64) < 0) {
		fuzz_untouched(&u64, sizeof(u64));
	} else {
		snprintf(again, sizeof(again), "%" PRIu64, u64);
		require(strcmp(again, s + strspn(s, "0") - (u64 == 0)) == 0);
	}
	fuzz_fill(&u32, sizeof(u32));
	if (num_parse_u32(s, &u32) < 0)
		fuzz_untouched(&u32, sizeof(u32));
	else
		require(num_parse_u64(s, &u64) == 0 && u64 == u32);
	fuzz_fill(&i64, sizeof(i64));
	if (num_parse_i64(s, &i64) < 0)
		fuzz_untouched(&i64, sizeof(i64));
	fuzz_fill(&u32, sizeof(u32));
	if (num_parse_octal(s, 07777, &u32) < 0)
		fuzz_untouched(&u32, sizeof(u32));
	else
		require(u32 <= 07777);
}

typedef int measure_fn(const char *what, const char *s, uint64_t *ret, struct err *err);

static void check_measure(measure_fn *fn, const char *s)
{
	struct err err = {0};
	uint64_t v;
	char text[16];

	fuzz_fill(&v, sizeof(v));
	if (fn("--flag", s, &v, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&v, sizeof(v));
		return;
	}
	require(strlen(size_format(v, text)) < sizeof(text));
}

static void check_signal(const char *s)
{
	int n = signal_parse(s);
	char name[SIGNAL_NAME_SIZE];

	require(n == -1 || (n >= 1 && n <= SIGNAL_MAX));
	if (n > 0)
		require(signal_parse(signal_format(n, name)) == n);
}

static void check_capabilities(const char *s)
{
	struct err err = {0};
	char text[CAPS_TEXT_SIZE];
	uint64_t mask, again;

	fuzz_fill(&mask, sizeof(mask));
	if (caps_parse("--cap-add", s, &mask, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&mask, sizeof(mask));
		return;
	}
	if (mask && mask != CAPS_ALL)
		require(caps_parse("again", caps_format(mask, text), &again, &err) == 0 &&
			again == mask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	autofree char *s = fuzz_rest(&in, NULL);
	struct detach_keys keys;
	struct err err = {0};
	uint64_t ns;

	check_numbers(s);
	check_measure(size_parse, s);
	check_measure(duration_parse, s);
	check_measure(cpus_parse, s);
	check_signal(s);
	check_capabilities(s);
	fuzz_fill(&ns, sizeof(ns));
	if (logfile_parse_time(s, strlen(s), &ns) < 0)
		fuzz_untouched(&ns, sizeof(ns));
	if (detach_keys_parse(s, &keys, &err) < 0)
		fuzz_refused(&err);
	else
		require(keys.count <= DETACH_KEYS_MAX);
	return 0;
}
