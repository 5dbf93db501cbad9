#include "cli/template.h"

#include <string.h>
#include <strings.h>

struct hole {
	const char *text; /* behind "{{" */
	const char *path; /* behind its "." */
	size_t path_len;
	bool json;
	const char *end; /* behind "}}" */
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* -1: it is not of a form that we know. */
static int hole_parse(const char *open, struct hole *ret)
{
	struct hole h = {.text = open + 2};
	const char *s = skip_blanks(h.text), *close = strstr(s, "}}");

	if (!close)
		return -1;
	if (strncmp(s, "json ", 5) == 0) {
		h.json = true;
		s = skip_blanks(s + 5);
	}
	if (*s != '.')
		return -1;
	h.path = s + 1;
	h.path_len = strcspn(h.path, " \t}");
	h.end = close + 2;
	if (skip_blanks(h.path + h.path_len) != close || (!h.path_len && !h.json))
		return -1;
	*ret = h;
	return 0;
}

static bool is_key(const char *key, const char *word, size_t len)
{
	return strlen(key) == len && strncasecmp(key, word, len) == 0;
}

int template_check(const char *what, const char *text, const char *const *keys, struct err *err)
{
	struct hole h;

	for (const char *at = text; (at = strstr(at, "{{")); at = h.end) {
		const char *const *key = keys;

		if (hole_parse(at, &h) < 0)
			return err_value(err, what, text,
				"is not a template such as {{.name}} or {{json .}}");
		while (*key && !is_key(*key, h.path, strcspn(h.path, ". \t}")))
			key++;
		if (!*key && h.path_len)
			return err_set(err, "%s: there is no .%.*s", what, (int)h.path_len, h.path);
	}
	return 0;
}

static const json_t *member(const json_t *j, const char *word, size_t len)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)j, key, value)
		if (is_key(key, word, len))
			return value;
	return NULL;
}

static const json_t *find(const json_t *j, const char *path, size_t len)
{
	while (j && len) {
		const char *dot = memchr(path, '.', len);
		size_t n = dot ? (size_t)(dot - path) : len;

		j = member(j, path, n);
		path += dot ? n + 1 : n;
		len -= dot ? n + 1 : n;
	}
	return j;
}

static char *value_text(struct arena *a, const json_t *j, bool as_json)
{
	struct err ignored;
	char *text, *copy;

	if (!j)
		return arena_strdup(a, "");
	if (json_is_string(j) && !as_json)
		return arena_strdup(a, json_string_value(j));
	text = json_text(j, JSON_COMPACT | JSON_ENCODE_ANY, &ignored);
	copy = arena_strdup(a, text ? text : "");
	free(text);
	return copy;
}

char *template_fill(struct arena *a, const char *text, const json_t *j)
{
	char *out = arena_strdup(a, "");
	const char *open;
	struct hole h;

	while ((open = strstr(text, "{{")) && hole_parse(open, &h) == 0) {
		out = arena_printf(a, "%s%.*s%s", out, (int)(open - text), text,
			value_text(a, find(j, h.path, h.path_len), h.json));
		text = h.end;
	}
	return arena_printf(a, "%s%s", out, text);
}
