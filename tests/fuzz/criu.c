/* What criu answers: the message in a block that ends where it does, and all fields of it. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/protobuf.h"
#include "base/utf8.h"
#include "checkpoint/criu_answer.h"

#include <string.h>

enum { DEPTH = 4 };

static bool inside(const uint8_t *at, const uint8_t *begin, const uint8_t *end)
{
	return at >= begin && at <= end;
}

/* What was read is written as something that is read as the same. */
static void check_field(const struct protobuf_field *f)
{
	struct protobuf m = {NULL};
	struct protobuf_field again;
	const uint8_t *at;

	if (f->bytes)
		protobuf_bytes(&m, f->number, f->bytes, f->len);
	else
		protobuf_number(&m, f->number, f->value);
	require(!m.failed);
	at = m.data;
	require(protobuf_next(&at, m.data + m.len, &again) == 1 && at == m.data + m.len);
	require(again.number == f->number && again.value == f->value && again.len == f->len);
	require(!f->len || memcmp(again.bytes, f->bytes, f->len) == 0);
	protobuf_free(&m);
}

static void read_fields(const uint8_t *begin, size_t len, int depth)
{
	const uint8_t *at = begin, *end = begin + len, *before = at;
	struct protobuf_field f;
	int r;

	fuzz_fill(&f, sizeof(f));
	while ((r = protobuf_next(&at, end, &f)) > 0) {
		require(at > before && inside(at, begin, end));
		require(f.number > 0);
		require(!f.bytes || (inside(f.bytes, begin, end) && f.bytes + f.len == at));
		check_field(&f);
		if (f.bytes && depth)
			read_fields(f.bytes, f.len, depth - 1);
		before = at;
		fuzz_fill(&f, sizeof(f));
	}
	fuzz_untouched(&f, sizeof(f));
	require(r < 0 || at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree uint8_t *message = malloc(size ? size : 1);
	struct criu_answer a;

	require(message);
	memcpy(message, data, size);
	read_fields(message, size, DEPTH);
	fuzz_fill(&a, sizeof(a));
	if (criu_answer_parse(message, size, &a) < 0) {
		fuzz_untouched(&a, sizeof(a));
	} else {
		struct err err = {0};

		require(memchr(a.point, '\0', sizeof(a.point)));
		require(memchr(a.why, '\0', sizeof(a.why)));
		err_set(&err, "criu: %s", a.why);
		fuzz_refused(&err);
	}
	return 0;
}
