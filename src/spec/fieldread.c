#include "spec/field.h"

#include "base/jsonwide.h"
#include "base/utf8.h"
#include "spec/spec.h"

#include <string.h>

/* (uid_t)-1 means "unchanged" to the kernel (CVE-2022-29162 and its kind). */
static const int64_t ID_MAX = UINT32_MAX - 1;

static void *member(const void *base, size_t at)
{
	return (char *)(uintptr_t)base + at;
}

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};
	return json_is_wide(v) ? names[JSON_INTEGER] : names[json_typeof(v)];
}

static int want(struct walk *w, bool is, const char *wanted, const json_t *v)
{
	return is ? 0 : walk_fail(w, "must be %s, not %s", wanted, type_name(v));
}

static int want_array(struct walk *w, const json_t *v)
{
	return want(w, json_is_array(v), "an array", v);
}

static int string_read(struct walk *w, const struct field *f, const json_t *v, const char **ret)
{
	const char *s = json_string_value(v), *should;

	if (want(w, s, "a string", v) < 0)
		return -1;
	if (strlen(s) != json_string_length(v))
		return walk_fail(w, "has a NUL byte in it");
	if (!*s && (f->flags & FIELD_FILLED))
		return 0;
	should = f->check ? f->check(s) : NULL;
	if (should)
		return walk_fail(w, "\"%.80s%s\" must be %s", s, strlen(s) > 80 ? "…" : "", should);
	*ret = arena_strdup(w->arena, s);
	if (w->of_bytes)
		utf8_unescape((char *)(uintptr_t)*ret);
	return 0;
}

static int read_string(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	return string_read(w, f, v, member(base, f->at));
}

static int read_bool(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	if (want(w, json_is_boolean(v), "true or false", v) < 0)
		return -1;
	*(bool *)member(base, f->at) = json_is_true(v);
	return 0;
}

/* The range of the type, narrowed by the table. */
static int integer_read(struct walk *w, const struct field *f, const json_t *v, int64_t min,
	int64_t max, int64_t *ret)
{
	int64_t n = json_integer_value(v);
	uint64_t wide;

	if (f->min || f->max) {
		min = f->min;
		max = f->max;
	} else if (f->type == FIELD_ID) {
		max = ID_MAX;
	}
	if (json_is_wide(v) && json_u64(v, &wide))
		return walk_fail(w, "%llu must be %lld to %lld", (unsigned long long)wide,
			(long long)min, (long long)max);
	if (want(w, json_is_integer(v), "an integer", v) < 0)
		return -1;
	if (n < min && max == INT64_MAX && min == 0)
		return walk_fail(w, "%lld must be 0 or more", (long long)n);
	if (n < min || n > max)
		return walk_fail(w, "%lld must be %lld to %lld", (long long)n, (long long)min,
			(long long)max);
	*ret = n;
	return 0;
}

static int read_u32(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	int64_t n = 0;

	if (integer_read(w, f, v, 0, UINT32_MAX, &n) < 0)
		return -1;
	*(uint32_t *)member(base, f->at) = (uint32_t)n;
	return 0;
}

static int read_int(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	int64_t n = 0;

	if (integer_read(w, f, v, INT32_MIN, INT32_MAX, &n) < 0)
		return -1;
	*(int *)member(base, f->at) = (int)n;
	return 0;
}

static int read_i64(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	return integer_read(w, f, v, INT64_MIN, INT64_MAX, member(base, f->at));
}

static int read_u64(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	uint64_t *to = member(base, f->at);
	int64_t n = 0;

	if (!f->max && json_is_wide(v) && json_u64(v, to))
		return 0;
	if (integer_read(w, f, v, 0, INT64_MAX, &n) < 0)
		return -1;
	*to = n == INT64_MAX && f->type == FIELD_U64 ? UINT64_MAX : (uint64_t)n;
	return 0;
}

static int read_limit(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	int64_t n = 0;

	if (integer_read(w, f, v, -1, INT64_MAX, &n) < 0)
		return -1;
	*(uint64_t *)member(base, f->at) = n < 0 ? UINT64_MAX : (uint64_t)n;
	return 0;
}

static int read_strings(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	const char **items = NULL, *s;
	size_t n = 0, i;
	json_t *item;

	if (want_array(w, v) < 0)
		return -1;
	json_array_foreach (v, i, item) {
		size_t here = walk_enter(w, NULL, i);
		if (string_read(w, f, item, &s) < 0)
			return -1;
		walk_leave(w, here);
		arena_push(w->arena, items, n, s);
	}
	items = arena_grow(w->arena, items, n, sizeof(*items));
	items[n] = NULL;
	*(const char ***)member(base, f->at) = items;
	*(size_t *)member(base, f->count) = n;
	return 0;
}

static int read_ids(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	uint32_t *items = NULL;
	json_t *item;
	size_t n = 0, i;

	if (want_array(w, v) < 0)
		return -1;
	json_array_foreach (v, i, item) {
		size_t here = walk_enter(w, NULL, i);
		int64_t id = 0;
		if (integer_read(w, f, item, 0, ID_MAX, &id) < 0)
			return -1;
		walk_leave(w, here);
		arena_push(w->arena, items, n, (uint32_t)id);
	}
	*(uint32_t **)member(base, f->at) = items;
	*(size_t *)member(base, f->count) = n;
	return 0;
}

static int read_text(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	return textfield_read(w, f, v, member(base, f->at));
}

static int read_texts(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	return textfield_read_list(w, f, v, member(base, f->at), member(base, f->count));
}

static int read_pairs(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	struct key_value *items = NULL, kv;
	size_t n = 0;
	const char *key;
	json_t *item;

	if (want(w, json_is_object(v), "an object", v) < 0)
		return -1;
	json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
		size_t here = walk_enter(w, key, 0);
		if (!json_is_null(item) && string_read(w, f, item, &kv.value) < 0)
			return -1;
		walk_leave(w, here);
		if (json_is_null(item))
			continue;
		kv.key = arena_strdup(w->arena, key);
		arena_push(w->arena, items, n, kv);
	}
	*(struct key_value **)member(base, f->at) = items;
	*(size_t *)member(base, f->count) = n;
	return 0;
}

/* As arena_push() would: capacity follows from the count. */
static void *array_element(struct walk *w, void **items, size_t n, size_t size)
{
	*items = arena_grow(w->arena, *items, n, size);
	return memset((char *)*items + n * size, 0, size);
}

static int read_array(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	void *items = NULL;
	json_t *item;
	size_t i;

	if (want_array(w, v) < 0)
		return -1;
	json_array_foreach (v, i, item) {
		void *element = array_element(w, &items, i, f->size);
		size_t here = walk_enter(w, NULL, i);
		if (fields_read(w, f->fields, element, item) < 0)
			return -1;
		walk_leave(w, here);
	}
	*(void **)member(base, f->at) = items;
	*(size_t *)member(base, f->count) = json_array_size(v);
	return 0;
}

static int map_entry(struct walk *w, const struct field *f, void *element, const char *key,
	const json_t *v)
{
	size_t here = walk_enter(w, key, 0);

	*(const char **)member(element, f->key) = arena_strdup(w->arena, key);
	if (f->check && f->check(key))
		return walk_fail(w, "\"%.80s\" must be %s", key, f->check(key));
	if (fields_read(w, f->fields, element, v) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

static int read_map(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	void *items = NULL;
	const char *key;
	json_t *item;
	size_t n = 0;

	if (want(w, json_is_object(v), "an object", v) < 0)
		return -1;
	json_object_foreach ((json_t *)(uintptr_t)v, key, item)
		if (!json_is_null(item) &&
			map_entry(w, f, array_element(w, &items, n++, f->size), key, item) < 0)
			return -1;
	*(void **)member(base, f->at) = items;
	*(size_t *)member(base, f->count) = n;
	return 0;
}

static int read_json(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	(void)w;
	*(const json_t **)member(base, f->at) = v;
	return 0;
}

static int read_refused(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	(void)base, (void)v;
	return walk_fail(w, "is not supported: %s", f->why);
}

static int read_ignored(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	(void)base, (void)v;
	if (f->why)
		walk_warn(w, "is ignored: %s", f->why);
	return 0;
}

static int read_object(struct walk *w, const struct field *f, void *base, const json_t *v)
{
	return fields_read(w, f->fields, member(base, f->at), v);
}

static int (*const readers[])(struct walk *, const struct field *, void *, const json_t *) = {
	[FIELD_STRING] = read_string,
	[FIELD_BOOL] = read_bool,
	[FIELD_U32] = read_u32,
	[FIELD_ID] = read_u32,
	[FIELD_INT] = read_int,
	[FIELD_I64] = read_i64,
	[FIELD_U64] = read_u64,
	[FIELD_WIDE] = read_u64,
	[FIELD_LIMIT] = read_limit,
	[FIELD_STRINGS] = read_strings,
	[FIELD_IDS] = read_ids,
	[FIELD_TEXT] = read_text,
	[FIELD_TEXTS] = read_texts,
	[FIELD_PAIRS] = read_pairs,
	[FIELD_ARRAY] = read_array,
	[FIELD_MAP] = read_map,
	[FIELD_OBJECT] = read_object,
	[FIELD_JSON] = read_json,
	[FIELD_REFUSED] = read_refused,
	[FIELD_IGNORED] = read_ignored,
};

int field_read(struct walk *w, const struct field *f, void *base, const json_t *json)
{
	if (readers[f->type](w, f, base, json) < 0)
		return -1;
	if (f->flags & FIELD_PRESENT)
		*(bool *)member(base, f->count) = true;
	return 0;
}

static int unknown(struct walk *w, const char *key)
{
	size_t here = walk_enter(w, key, 0);

	if (!w->lenient)
		return walk_fail(w, "is not supported");
	walk_warn(w, "is not known and has no effect");
	walk_leave(w, here);
	return 0;
}

static int find_unknown(struct walk *w, const struct field *table, const json_t *json)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)json, key, v) {
		const struct field *f = table;
		while (f->name && strcmp(f->name, key))
			f++;
		if (!f->name && !json_is_null(v) && unknown(w, key) < 0)
			return -1;
	}
	return 0;
}

/* Peers take a number that is not there as 0, and a word of yes or no as no. */
static int missing(struct walk *w, const struct field *f)
{
	bool number = f->type >= FIELD_BOOL && f->type <= FIELD_LIMIT && f->min <= 0;

	if (!w->lenient || !number)
		return walk_fail(w, "is missing");
	walk_warn(w, "is missing, and taken as %s", f->type == FIELD_BOOL ? "false" : "0");
	return 0;
}

int fields_read(struct walk *w, const struct field *table, void *base, const json_t *json)
{
	if (want(w, json_is_object(json), "an object", json) < 0 ||
		find_unknown(w, table, json) < 0)
		return -1;
	for (const struct field *f = table; f->name; f++) {
		json_t *v = json_object_get(json, f->name);
		size_t here = walk_enter(w, f->name, 0);

		/* Go writes an empty list or object as null, and both peers take it as absent. */
		if (json_is_null(v))
			v = NULL;
		if (!v && (f->flags & FIELD_REQUIRED) && missing(w, f) < 0)
			return -1;
		if (v && field_read(w, f, base, v) < 0)
			return -1;
		walk_leave(w, here);
	}
	return 0;
}
