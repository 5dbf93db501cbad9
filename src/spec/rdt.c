#include "spec/rdt.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

/* A part of a line, without the blanks around it. */
struct part {
	const char *at;
	size_t len;
};

struct setting {
	struct part resource, domain, value;
	bool ends; /* its line */
};

bool rdt_class_fits(const char *name)
{
	static const char *const taken[] = {"", ".", "..", "info", "mon_groups", "mon_data"};

	if (strcmp(name, "/") == 0)
		return true;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(name, taken[i]) == 0)
			return false;
	return strlen(name) <= NAME_MAX && !strpbrk(name, "/\n");
}

static bool is_bandwidth(const char *line)
{
	return strncmp(line + strspn(line, " \t"), "MB:", 3) == 0;
}

/* Adds the lines of l3CacheSchema; without those of bandwidth if that has a schema of its own. */
static const char *add_lines(struct arena *a, const char *to, const char *lines, bool no_bandwidth)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		if (len > strspn(lines, " \t") && !(no_bandwidth && is_bandwidth(lines)))
			to = arena_printf(a, "%s%.*s\n", to, (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
	return to;
}

size_t rdt_writes(const struct intel_rdt *rdt, struct arena *a, const char *ret[RDT_WRITES])
{
	const char *first = "", *last = "";
	size_t n = 0;

	if (rdt->cache)
		first = add_lines(a, first, rdt->cache, rdt->bandwidth);
	if (rdt->bandwidth)
		first = add_lines(a, first, rdt->bandwidth, false);
	for (size_t i = 0; i < rdt->schemata_count; i++)
		last = add_lines(a, last, rdt->schemata[i], false);
	if (*first)
		ret[n++] = first;
	if (*last)
		ret[n++] = last;
	return n;
}

static struct part part_of(const char *at, size_t len)
{
	while (len && (*at == ' ' || *at == '\t')) {
		at++;
		len--;
	}
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	return (struct part){at, len};
}

static bool same_text(struct part a, struct part b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static struct part without_zeros(struct part p)
{
	if (p.len > 2 && p.at[0] == '0' && (p.at[1] == 'x' || p.at[1] == 'X'))
		p = (struct part){p.at + 2, p.len - 2};
	while (p.len > 1 && p.at[0] == '0')
		p = (struct part){p.at + 1, p.len - 1};
	return p;
}

/* Masks are hexadecimal, bandwidths decimal; of either kind both have the same. */
static bool same_number(struct part a, struct part b)
{
	return same_text(without_zeros(a), without_zeros(b));
}

/* The next one from *at on, which goes behind it; s->resource stays from call to call. */
static bool next(const char **at, struct setting *s)
{
	while (**at) {
		size_t len = strcspn(*at, ":;\n"), name;
		char end = (*at)[len];
		struct part whole = part_of(*at, len);

		if (s->ends)
			s->resource = (struct part){"", 0};
		s->ends = end == '\n';
		name = strcspn(*at, "=:;\n");
		s->domain = part_of(*at, name);
		s->value = name < len ? part_of(*at + name + 1, len - name - 1)
				      : (struct part){"", 0};
		*at += len + (end != '\0');
		if (end == ':')
			s->resource = whole;
		else if (whole.len)
			return true;
	}
	return false;
}

/* The value of a setting in the last of the texts that has it. */
static bool find(const char *const *texts, size_t n, const struct setting *wanted,
	struct part *ret_value)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		struct setting s = {.resource = {"", 0}};

		for (const char *at = texts[i]; next(&at, &s);)
			if (same_text(s.resource, wanted->resource) &&
				same_number(s.domain, wanted->domain)) {
				*ret_value = s.value;
				found = true;
			}
	}
	return found;
}

const char *rdt_differs(const char *const *writes, size_t n, const char *schemata, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		struct setting s = {.resource = {"", 0}};
		struct part there;

		for (const char *at = writes[i]; next(&at, &s);) {
			find(writes, n, &s, &s.value);
			if (!find(&schemata, 1, &s, &there) || !same_number(s.value, there))
				return arena_printf(a, "%.*s:%.*s=%.*s", (int)s.resource.len,
					s.resource.at, (int)s.domain.len, s.domain.at,
					(int)s.value.len, s.value.at);
		}
	}
	return NULL;
}
