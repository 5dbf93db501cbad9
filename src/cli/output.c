#include "cli/output.h"

#include "base/fd.h"
#include "base/num.h"
#include "base/utf8.h"
#include "container/logfile.h"

#include <stdbool.h>
#include <string.h>

#define SECOND_NS 1000000000LL

int output_format_parse(const char *what, const char *value, enum output_format *ret,
	struct err *err)
{
	if (strcmp(value, "table") == 0)
		*ret = OUTPUT_TABLE;
	else if (strcmp(value, "json") == 0)
		*ret = OUTPUT_JSON;
	else {
		err_value(err, what, value, "is neither table nor json");
		return err_hint(err,
			"for templates, take the JSON: --format json | jq -r '.[].name'");
	}
	return 0;
}

char *output_text(struct arena *a, const char *s, size_t max)
{
	char *text = arena_alloc(a, strlen(s) + sizeof("…")), *to = text, *last = text;
	size_t n = 0;

	while (*s && !(max && n == max)) {
		uint32_t c = 0;
		size_t len = utf8_decode(s, &c);

		last = to;
		if (len == 0 || utf8_acts_on_terminal(c))
			*to++ = '?';
		else
			to = mempcpy(to, s, len);
		s += len ? len : 1;
		n++;
	}
	strcpy(*s ? last : to, *s ? "…" : "");
	return text;
}

size_t output_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_add(struct table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->columns; i++) {
		const char *text = output_text(&t->arena, cells[i], 0);

		arena_push(&t->arena, t->cells, t->count, text);
	}
}

void table_print(const struct table *t, FILE *out)
{
	enum { GAP = 3 };
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < t->count; i++) {
		size_t width = output_width(t->cells[i]), *widest = &widths[i % t->columns];

		*widest = width > *widest ? width : *widest;
	}
	for (size_t i = 0; i < t->count; i++) {
		size_t column = i % t->columns;
		bool last = column == t->columns - 1;
		size_t blanks = widths[column] - output_width(t->cells[i]) + GAP;

		fprintf(out, "%s%*s", t->cells[i], last ? 0 : (int)blanks, "");
		if (last)
			putc('\n', out);
	}
}

void table_free(struct table *t)
{
	arena_free(&t->arena);
	*t = (struct table){.columns = t->columns};
}

char *time_format(int64_t ns, char buf[TIME_SIZE])
{
	buf[0] = '\0';
	if (ns > 0)
		oci_time_format(ns, buf);
	return buf;
}

char *age_format(int64_t ns, char buf[AGE_SIZE])
{
	static const struct {
		int64_t seconds, until; /* until: so many of the unit before are better */
		const char *name;
	} units[] = {
		{365 * 86400, 2 * 365 * 86400, "year"},
		{30 * 86400, 60 * 86400, "month"},
		{7 * 86400, 14 * 86400, "week"},
		{86400, 2 * 86400, "day"},
		{3600, 3600, "hour"},
		{60, 60, "minute"},
		{1, 1, "second"},
	};
	int64_t seconds = ns / SECOND_NS;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (seconds >= units[i].until) {
			int64_t n = seconds / units[i].seconds;

			snprintf(buf, AGE_SIZE, "%lld %s%s", (long long)n, units[i].name,
				n == 1 ? "" : "s");
			return buf;
		}
	snprintf(buf, AGE_SIZE, "less than a second");
	return buf;
}

int time_parse(const char *what, const char *s, int64_t now_ns, uint64_t *ret_ns, struct err *err)
{
	uint64_t ns;

	if (logfile_parse_time(s, strlen(s), ret_ns) == 0)
		return 0;
	if (num_parse_u64(s, &ns) == 0 && !__builtin_mul_overflow(ns, SECOND_NS, &ns)) {
		*ret_ns = ns;
		return 0;
	}
	if (duration_parse(what, s, &ns, err) < 0) {
		err_value(err, what, s, "is not a time");
		return err_hint(err, "use 2026-01-31T12:00:00Z, seconds since 1970, or a length of "
				     "time before now such as 10m");
	}
	/* 0 would stand for no bound at all. */
	*ret_ns = ns < (uint64_t)now_ns ? (uint64_t)now_ns - ns : 1;
	return 0;
}

int output_json(const json_t *j, struct err *err)
{
	autofree char *text = json_text(j, JSON_INDENT(2) | JSON_ENSURE_ASCII, err);

	if (!text)
		return -1;
	puts(text);
	return 0;
}

int output_end(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(err, "cannot write to standard output");
	return 0;
}
