#include "base/escapes.h"

#include "base/fd.h"
#include "base/utf8.h"

#include <string.h>

enum { GROUND, CHARACTER, ESCAPE, CONTROL, STRING, STRING_ESCAPE };
enum { ESC = 0x1b, PIECE = 4096 };

static void hold(struct escapes *e, char c)
{
	/* One too long loses its end, and is dropped for that. */
	if (e->held < sizeof(e->text))
		e->text[e->held++] = c;
}

static void begin(struct escapes *e, int state, char c)
{
	e->state = state;
	e->held = 0;
	hold(e, c);
}

static size_t release(struct escapes *e, char *out)
{
	memcpy(out, e->text, e->held);
	e->state = GROUND;
	return e->held;
}

/* ESC and one character: the cursor saved, restored, and to a line above or below; the keypad. ESC ( and one:
 * letters, or the lines of boxes. */
static bool escape_passes(const struct escapes *e, char c)
{
	if (e->held == 3)
		return e->level >= ESCAPES_SCREEN && e->text[1] == '(' && strchr("0B", c);
	if (e->held != 2)
		return false;
	return (e->level >= ESCAPES_SCREEN && strchr("78DEM", c)) ||
	       (e->level >= ESCAPES_MODES && strchr("=>", c));
}

/* What is in text, from ESC [ to its last character. */
static bool control_passes(struct escapes *e)
{
	static const char moves[] = "@ABCDEFGHJKLMPSTX`adefrsu";
	char last = e->text[e->held - 1];
	bool mode = last == 'h' || last == 'l', private = e->text[2] == '?';

	if (e->held == sizeof(e->text))
		return false;
	for (size_t i = 2 + (mode && private); i + 1 < e->held; i++)
		if (!strchr("0123456789;:", e->text[i]))
			return false;
	if (last == 'm')
		return e->styled = true;
	/* Whether the cursor is to be seen. */
	if (mode && private && e->held == 6 && memcmp(e->text + 3, "25", 2) == 0)
		return e->level >= ESCAPES_SCREEN;
	return mode ? e->level >= ESCAPES_MODES : e->level >= ESCAPES_SCREEN && strchr(moves, last);
}

static size_t ground(struct escapes *e, unsigned char c, char *out)
{
	if (c == ESC)
		begin(e, ESCAPE, (char)c);
	else if (c >= 0x80)
		begin(e, CHARACTER, (char)c);
	else if ((c >= ' ' && c < 0x7f) || (c && strchr("\n\r\t\b", c)))
		return *out = (char)c, 1;
	return 0;
}

static size_t character(struct escapes *e, unsigned char c, char *out)
{
	unsigned char first = (unsigned char)e->text[0];
	size_t want = first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
	uint32_t point;

	if (!want || c >> 6 != 2) {
		e->state = GROUND;
		*out = '?';
		return 1 + ground(e, c, out + 1);
	}
	hold(e, (char)c);
	if (e->held < want)
		return 0;
	e->text[e->held] = '\0';
	if (utf8_decode(e->text, &point) == want && !utf8_acts_on_terminal(point))
		return release(e, out);
	e->state = GROUND;
	return *out = '?', 1;
}

static size_t escape(struct escapes *e, unsigned char c, char *out)
{
	hold(e, (char)c);
	if (c == '[')
		e->state = CONTROL;
	else if (strchr("]P_^X", c))
		e->state = STRING;
	else if (c >= '0') {
		e->state = GROUND;
		return escape_passes(e, (char)c) ? release(e, out) : 0;
	}
	return 0;
}

static size_t control(struct escapes *e, unsigned char c, char *out)
{
	hold(e, (char)c);
	if (c < '@')
		return 0;
	e->state = GROUND;
	return control_passes(e) ? release(e, out) : 0;
}

static void string(struct escapes *e, unsigned char c)
{
	if (c == '\a' || (e->state == STRING_ESCAPE && c == '\\'))
		e->state = GROUND;
	else
		e->state = c == ESC ? STRING_ESCAPE : STRING;
}

static size_t step(struct escapes *e, unsigned char c, char *out)
{
	if (e->state == STRING || e->state == STRING_ESCAPE) {
		/* One without an end must not swallow the rest of a log. */
		if (c != '\n')
			return string(e, c), 0;
		e->state = GROUND;
	}
	/* Controls, and what is no ASCII, end a sequence before its time. */
	if ((e->state == ESCAPE || e->state == CONTROL) && (c < ' ' || c >= 0x7f))
		e->state = GROUND;
	switch (e->state) {
	case CHARACTER:
		return character(e, c, out);
	case ESCAPE:
		return escape(e, c, out);
	case CONTROL:
		return control(e, c, out);
	}
	return ground(e, c, out);
}

size_t escapes_clean(struct escapes *e, const void *data, size_t len, char *out)
{
	const unsigned char *in = data;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += step(e, in[i], out + n);
	return n;
}

int escapes_write(struct escapes *e, int fd, const void *data, size_t len)
{
	const char *in = data;
	char out[PIECE + ESCAPES_HELD_MAX];

	while (len) {
		size_t piece = len < PIECE ? len : PIECE;

		if (fd_write_all(fd, out, escapes_clean(e, in, piece, out)) < 0)
			return -1;
		in += piece;
		len -= piece;
	}
	return 0;
}

int escapes_end(struct escapes *e, int fd)
{
	static const char plain[] = "\033[0m";

	return e->styled ? fd_write_all(fd, plain, sizeof(plain) - 1) : 0;
}
