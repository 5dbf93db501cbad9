#include "base/protobuf.h"

#include <criterion/criterion.h>
#include <string.h>

Test(protobuf, writes_what_the_format_says)
{
	static const uint8_t expected[] = {0x08, 0x96, 0x01, 0x12, 0x03, 'a', 'b', 'c', 0x9a, 0x02,
		0x02, 0x08, 0x00};
	struct protobuf inner = {NULL}, m = {NULL};

	protobuf_number(&inner, 1, 0);
	protobuf_number(&m, 1, 150);
	protobuf_string(&m, 2, "abc");
	protobuf_message(&m, 35, &inner);
	cr_assert(!m.failed);
	cr_assert_eq(m.len, sizeof(expected));
	cr_assert_arr_eq(m.data, expected, sizeof(expected));
	protobuf_free(&inner);
	protobuf_free(&m);
}

Test(protobuf, reads_what_it_writes)
{
	struct protobuf m = {NULL};
	struct protobuf_field f;
	const uint8_t *at, *end;

	protobuf_number(&m, 1, UINT64_MAX);
	protobuf_string(&m, 1000, "");
	protobuf_bytes(&m, 3, "\0\xff", 2);
	at = m.data;
	end = at + m.len;
	cr_assert_eq(protobuf_next(&at, end, &f), 1);
	cr_assert(f.number == 1 && f.value == UINT64_MAX && !f.bytes);
	cr_assert_eq(protobuf_next(&at, end, &f), 1);
	cr_assert(f.number == 1000 && f.bytes && f.len == 0);
	cr_assert_eq(protobuf_next(&at, end, &f), 1);
	cr_assert(f.number == 3 && f.len == 2 && memcmp(f.bytes, "\0\xff", 2) == 0);
	cr_assert_eq(protobuf_next(&at, end, &f), 0);
	protobuf_free(&m);
}

Test(protobuf, skips_what_it_has_no_use_for)
{
	static const uint8_t text[] = {0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 7};
	const uint8_t *at = text;
	struct protobuf_field f;

	cr_assert_eq(protobuf_next(&at, text + sizeof(text), &f), 1);
	cr_assert_eq(f.number, 1);
	cr_assert_eq(protobuf_next(&at, text + sizeof(text), &f), 1);
	cr_assert_eq(f.number, 2);
	cr_assert_eq(protobuf_next(&at, text + sizeof(text), &f), 1);
	cr_assert(f.number == 3 && f.value == 7);
}

Test(protobuf, refuses_what_is_cut_or_malformed)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
	} bad[] = {
		{{0x80}, 1},
		{{0x08}, 1},
		{{0x08, 0x80}, 2},
		{{0x00, 0x01}, 2},
		{{0x12, 0x02, 'a'}, 3},
		{{0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11},
		{{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 12},
		{{0x0d, 1, 2, 3}, 4},
		{{0x0b}, 1},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const uint8_t *at = bad[i].bytes;
		struct protobuf_field f;

		cr_assert_eq(protobuf_next(&at, at + bad[i].len, &f), -1, "case %zu", i);
	}
}
