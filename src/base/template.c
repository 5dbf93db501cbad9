#include "base/template.h"

#include "base/fd.h"
#include "base/nearest.h"
#include "base/output.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is between "{{" and "}}": a path, and what index() takes of what is there. */
struct hole {
	bool json;
	const char *path; /* behind its first "." */
	size_t path_len;
	const char *index; /* a key or a number, or NULL */
	size_t index_len;
	const char *end; /* behind "}}" */
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* "word " at s: what follows it, else NULL. */
static const char *skip_word(const char *s, const char *word)
{
	size_t len = strlen(word);

	return strncmp(s, word, len) == 0 && s[len] == ' ' ? skip_blanks(s + len) : NULL;
}

static const char *parse_path(const char *s, struct hole *h)
{
	if (*s != '.')
		return NULL;
	h->path = s + 1;
	h->path_len = strspn(h->path,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
	return skip_blanks(h->path + h->path_len);
}

/* "KEY" in quotes, or a number. */
static const char *parse_index(const char *s, struct hole *h)
{
	bool quoted = *s == '"';

	h->index = s + quoted;
	h->index_len = quoted ? strcspn(h->index, "\"") : strspn(s, "0123456789");
	s = h->index + h->index_len;
	return (quoted ? *s != '"' : !h->index_len) ? NULL : skip_blanks(s + quoted);
}

/* -1: it is not of a form that we know. */
static int parse_hole(const char *open, struct hole *ret)
{
	struct hole h = {0};
	const char *s = skip_blanks(open + 2), *next;

	next = skip_word(s, "json");
	h.json = next;
	s = next ? next : s;
	next = h.json ? NULL : skip_word(s, "index");
	s = parse_path(next ? next : s, &h);
	if (s && next)
		s = parse_index(s, &h);
	if (!s || strncmp(s, "}}", 2) != 0 || (!h.path_len && !h.json))
		return -1;
	h.end = s + 2;
	*ret = h;
	return 0;
}

int template_check(const char *what, const char *text, struct err *err)
{
	struct hole h;

	for (const char *at = text; (at = strstr(at, "{{")); at = h.end)
		if (parse_hole(at, &h) < 0) {
			err_value(err, what, at, "is no form that ctr knows");
			return err_hint(err,
				"{{.name}}, {{json .}} and {{index .labels \"key\"}} are; "
				"for all else, --format json | jq");
		}
	return 0;
}

static const json_t *member(const json_t *j, const char *word, size_t len)
{
	const json_t *value = json_object_getn(j, word, len), *found = NULL;
	const char *key;

	if (value)
		return value;
	json_object_foreach ((json_t *)j, key, value)
		if (strlen(key) == len && strncasecmp(key, word, len) == 0)
			found = value;
	return found;
}

static int no_member(const json_t *j, const char *word, size_t len, struct err *err)
{
	char wanted[64];
	struct nearest n = {.word = wanted};
	const char *key;
	json_t *value;
	size_t i = 0;

	for (; i < len && i < sizeof(wanted) - 1; i++)
		wanted[i] = (char)tolower((unsigned char)word[i]);
	wanted[i] = '\0';
	json_object_foreach ((json_t *)j, key, value)
		nearest_offer(&n, key);
	err_set(err, "--format: there is no .%.*s", (int)len, word);
	return n.found ? err_hint(err, "did you mean .%s?", n.found)
		       : err_hint(err, "--format '{{json .}}' shows what there is");
}

static int find(const struct hole *h, const json_t *j, const json_t **ret, struct err *err)
{
	const char *path = h->path, *end = path + h->path_len;
	const json_t *at = j;

	while (at && path < end) {
		size_t n = strcspn(path, ".");

		n = path + n < end ? n : (size_t)(end - path);
		if (at == j && !member(j, path, n))
			return no_member(j, path, n, err);
		at = member(at, path, n);
		path += n + (path + n < end);
	}
	if (h->index && json_is_array(at))
		at = json_array_get(at, strtoul(h->index, NULL, 10));
	else if (h->index)
		at = member(at, h->index, h->index_len);
	*ret = at;
	return 0;
}

/* A string, a number or a truth is shown as it is, the rest as JSON. */
static char *value_text(struct arena *a, const json_t *j, bool as_json, struct err *err)
{
	const size_t form = JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII |
			    JSON_REAL_PRECISION(6);
	autofree char *text = NULL;

	if (!as_json && (!j || json_is_null(j)))
		return arena_strdup(a, "");
	if (!as_json && json_is_string(j))
		return output_text(a, json_string_value(j), 0);
	if (!j)
		return arena_strdup(a, "null");
	text = json_text(j, form, err);
	return text ? output_text(a, text, 0) : NULL;
}

/* What stands between holes. */
static void put_literal(FILE *out, const char *s, const char *end)
{
	for (; s < end; s++) {
		bool escape = s[0] == '\\' && s + 1 < end && (s[1] == 't' || s[1] == 'n');

		fputc(escape ? s[1] == 't' ? '\t' : '\n' : *s, out);
		s += escape;
	}
}

/* j NULL: the heading. */
static int fill(struct arena *a, FILE *out, const char *text, const json_t *j, struct err *err)
{
	const char *open;
	struct hole h;

	for (; (open = strstr(text, "{{")) && parse_hole(open, &h) == 0; text = h.end) {
		const json_t *value = NULL;
		const char *shown;

		put_literal(out, text, open);
		if (!j) {
			for (size_t i = 0; i < h.path_len; i++)
				fputc(toupper((unsigned char)h.path[i]), out);
			continue;
		}
		if (find(&h, j, &value, err) < 0)
			return -1;
		shown = value_text(a, value, h.json, err);
		if (!shown)
			return -1;
		fputs(shown, out);
	}
	put_literal(out, text, text + strlen(text));
	return 0;
}

static int fill_text(struct arena *a, const char *text, const json_t *j, char **ret,
	struct err *err)
{
	autofree char *all = NULL;
	size_t len;
	FILE *out = open_memstream(&all, &len);
	int r = out ? fill(a, out, text, j, err) : -1;

	if (!out || (fclose(out) != 0 && r == 0))
		return err_sys(err, "--format");
	if (r == 0)
		*ret = arena_strdup(a, all);
	return r;
}

int template_fill(struct arena *a, const char *text, const json_t *j, char **ret, struct err *err)
{
	return fill_text(a, text, j, ret, err);
}

char *template_heading(struct arena *a, const char *text)
{
	struct err ignored;
	char *ret = NULL;

	return fill_text(a, text, NULL, &ret, &ignored) < 0 ? arena_strdup(a, "") : ret;
}
