#include "base/escapes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

/* However it is cut into pieces. */
static void expect(enum escapes_level level, const char *in, const char *want)
{
	char out[1024];

	for (size_t piece = 1; piece <= strlen(in) + 1; piece += 3) {
		struct escapes e = {.level = level};
		size_t n = 0;

		for (size_t at = 0; at < strlen(in); at += piece) {
			size_t left = strlen(in) - at;

			n += escapes_clean(&e, in + at, left < piece ? left : piece, out + n);
		}
		out[n] = '\0';
		cr_expect(eq(str, out, (char *)want), "of %s in pieces of %zu", in, piece);
	}
}

Test(escapes, text_and_colours_pass)
{
	expect(ESCAPES_STYLE, "plain\tüñ€😀\r\nb\b", "plain\tüñ€😀\r\nb\b");
	expect(ESCAPES_STYLE, "\033[1;31mred\033[0m \033[38:5:1mx\033[m",
		"\033[1;31mred\033[0m \033[38:5:1mx\033[m");
}

Test(escapes, questions_and_orders_do_not)
{
	static const char *const away[] = {"\033[c", "\033[>c", "\033[=c", "\033[6n", "\033[?6n",
		"\033[5n", "\033Z", "\005", "\033[21t", "\033[?2026$p", "\033[x", "\033[>q",
		"\033[?4m", "\033[>4;2m", "\033]0;title\a", "\033]52;c;YQ==\033\\", "\033]11;?\a",
		"\033P$qm\033\\", "\033P+q544e\033\\", "\033_Gi=1\033\\", "\033^x\033\\", "\033c",
		"\033[!p", "\033#8", "\033[4i", "\007", "\033[?u", "\xc2\x85"};

	for (size_t i = 0; i < sizeof(away) / sizeof(*away); i++)
		for (int level = ESCAPES_STYLE; level <= ESCAPES_MODES; level++) {
			char in[64];

			snprintf(in, sizeof(in), "a%sb", away[i]);
			expect((enum escapes_level)level, in,
				i + 1 == sizeof(away) / sizeof(*away) ? "a?b" : "ab");
		}
}

Test(escapes, levels)
{
	expect(ESCAPES_STYLE, "a\033[2J\033[1;1H\0337\033[?1hb", "ab");
	expect(ESCAPES_SCREEN, "a\033[2J\033[1;1H\0337\033[?1hb", "a\033[2J\033[1;1H\0337b");
	expect(ESCAPES_STYLE, "\033(0a\033(B\033[?25l", "a");
	expect(ESCAPES_SCREEN, "\033(0a\033(B\033[?25l", "\033(0a\033(B\033[?25l");
	expect(ESCAPES_MODES, "a\033[2J\033[?1h\033=b", "a\033[2J\033[?1h\033=b");
}

Test(escapes, what_is_broken_swallows_little)
{
	expect(ESCAPES_STYLE, "\033]0;never ends\nnext", "\nnext");
	expect(ESCAPES_STYLE, "\033[12\nnext", "\nnext");
	expect(ESCAPES_STYLE, "\033[\033[31mred", "\033[31mred");
	expect(ESCAPES_STYLE,
		"\xff"
		"a\xc3"
		"b\xe2\x82"
		"c",
		"?a?b?c");
	expect(ESCAPES_STYLE,
		"\xe2\x80\xae"
		"abc",
		"?abc"); /* turns the direction of writing */
	expect(ESCAPES_STYLE,
		"\033[11111111111111111111111111111111111111111111111111111111111111111111111111m!",
		"!");
}
