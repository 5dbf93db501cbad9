/* What a program has written to a terminal, in pieces, behind a byte that chooses the level. Of what is left, each
 * escape sequence is one that a terminal does not answer. */
#include "fuzz/fuzz.h"

#include "base/escapes.h"
#include "base/fd.h"

#include <stdlib.h>
#include <string.h>

/* The length of the sequence at s. */
static size_t sequence(const char *s, size_t len, enum escapes_level level)
{
	size_t n = 2;

	require(len >= 2);
	if (s[1] == '(') {
		require(len >= 3 && level >= ESCAPES_SCREEN && strchr("0B", s[2]));
		return 3;
	}
	if (s[1] != '[') {
		require(level >= ESCAPES_SCREEN && strchr("78DEM=>", s[1]));
		return 2;
	}
	while (n < len && strchr("0123456789;:?", s[n]))
		n++;
	require(n < len && s[n]);
	require(level > ESCAPES_STYLE || s[n] == 'm');
	require(strchr("m@ABCDEFGHJKLMPSTX`adefrsuhl", s[n]));
	require(s[2] != '?' || strchr("hl", s[n]));
	return n + 1;
}

static void check(const char *s, size_t len, enum escapes_level level)
{
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];

		require(c >= ' ' || strchr("\n\r\t\b\033", c));
		require(c != 0x7f && !(c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0));
		i += c == 0x1b ? sequence(s + i, len - i, level) : 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data + 1, size - 1};
	struct escapes e = {.level = ESCAPES_STYLE};
	autofree char *all = NULL;
	size_t used = 0;

	if (!size)
		return 0;
	e.level = (enum escapes_level)(data[0] % 3);
	all = malloc(2 * size + ESCAPES_HELD_MAX);
	require(all);
	while (in.size) {
		size_t len;
		autofree char *piece = fuzz_part(&in, &len);
		size_t n = escapes_clean(&e, piece, len, all + used);

		require(n <= len + ESCAPES_HELD_MAX);
		used += n;
	}
	require(used <= 2 * size);
	check(all, used, e.level);
	return 0;
}
