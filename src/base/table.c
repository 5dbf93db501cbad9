#include "base/table.h"

#include "base/num.h"
#include "base/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 3, WRAP_MIN = 16 };

void table_add(struct table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->columns; i++) {
		const char *text = output_text(&t->arena, cells[i], 0);

		arena_push(&t->arena, t->cells, t->count, text);
	}
}

/* The columns that are shown, and their widths. */
struct widths {
	size_t of[TABLE_COLUMNS_MAX];
	bool shown[TABLE_COLUMNS_MAX];
};

static void measure(const struct table *t, struct widths *w)
{
	for (size_t i = 0; i < t->count; i++) {
		size_t width = output_width(t->cells[i]), *widest = &w->of[i % t->columns];

		*widest = width > *widest ? width : *widest;
		w->shown[i % t->columns] = true;
	}
}

static size_t total(const struct table *t, const struct widths *w)
{
	size_t sum = 0;

	for (size_t i = 0; i < t->columns; i++)
		sum += w->shown[i] ? w->of[i] + (sum ? GAP : 0) : 0;
	return sum;
}

static void lose(const struct table *t, size_t columns, struct widths *w)
{
	for (size_t i = 0; i < t->loss_count && total(t, w) > columns; i++) {
		const struct table_loss *l = &t->losses[i];
		size_t over = total(t, w) - columns, *width = &w->of[l->column];

		if (!l->width)
			w->shown[l->column] = false;
		else if (*width > l->width)
			*width = *width - l->width > over ? *width - over : l->width;
	}
}

/* How many bytes of s go into a line: up to the last blank, or all that fits of a long word. */
static size_t line_bytes(const char *s, size_t width)
{
	size_t n = 0, chars = 0, blank = 0;

	for (; s[n]; n++) {
		chars += ((unsigned char)s[n] & 0xc0) != 0x80;
		if (chars > width + 1 || (chars > width && s[n] != ' '))
			return blank ? blank : n;
		if (s[n] == ' ')
			blank = n;
	}
	return n;
}

static void print_wrapped(const char *s, size_t indent, size_t width, FILE *out)
{
	size_t n = line_bytes(s, width);

	while (s[n]) {
		fprintf(out, "%.*s\n%*s", (int)n, s, (int)indent, "");
		s += n + strspn(s + n, " ");
		n = line_bytes(s, width);
	}
	fprintf(out, "%s\n", s);
}

static size_t last_shown(const struct table *t, const struct widths *w)
{
	size_t last = t->columns - 1;

	while (last && !w->shown[last])
		last--;
	return last;
}

/* No line ends with blanks. */
static bool rest_is_empty(const struct table *t, const struct widths *w, size_t cell)
{
	for (size_t i = cell + 1; i % t->columns != 0; i++)
		if (w->shown[i % t->columns] && t->cells[i] && t->cells[i][0])
			return false;
	return true;
}

void table_print_within(const struct table *t, size_t columns, FILE *out)
{
	struct widths w = {0};
	size_t last, before;
	bool wraps;

	measure(t, &w);
	if (columns)
		lose(t, columns, &w);
	last = last_shown(t, &w);
	before = total(t, &w) - w.of[last];
	wraps = t->wraps && columns >= before + WRAP_MIN;
	for (size_t i = 0; i < t->count; i++) {
		size_t column = i % t->columns;
		struct arena a = {0};
		const char *text;

		if (!w.shown[column])
			continue;
		text = output_text(&a, t->cells[i], w.of[column]);
		if (column != last && rest_is_empty(t, &w, i))
			fprintf(out, "%s", text);
		else if (column != last)
			fprintf(out, "%s%*s", text, (int)(w.of[column] - output_width(text) + GAP),
				"");
		else if (wraps)
			print_wrapped(text, before, columns - before, out);
		else
			fprintf(out, "%s\n", text);
		arena_free(&a);
	}
}

/* 0 if it is none, or nobody knows; one on a serial line is as wide as its user says. */
static size_t terminal_columns(int fd)
{
	const char *said = getenv("COLUMNS");
	struct winsize size = {0};
	uint64_t columns;

	if (fd < 0 || !isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return said && num_parse_u64(said, &columns) == 0 ? columns : 0;
}

void table_print(const struct table *t, FILE *out)
{
	table_print_within(t, terminal_columns(fileno(out)), out);
}

void table_free(struct table *t)
{
	arena_free(&t->arena);
	t->cells = NULL;
	t->count = 0;
}
