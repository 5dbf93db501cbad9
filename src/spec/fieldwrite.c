#include "spec/field.h"

#include "base/fd.h"
#include "base/jsonwide.h"
#include "base/utf8.h"
#include "spec/spec.h"

static void *member(const void *base, size_t at)
{
	return (char *)(uintptr_t)base + at;
}

static void string_write(struct walk *w, struct jsontext *t, const char *name, const char *s)
{
	jsontext_string(t, name, utf8_escape(w->arena, s));
}

static int write_string(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	const char *s = *(const char **)member(base, f->at);

	if (s)
		string_write(w, t, name, s);
	return 0;
}

static int write_bool(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	bool b = *(bool *)member(base, f->at);

	(void)w;
	if (b || (f->flags & FIELD_ALWAYS))
		jsontext_boolean(t, name, b);
	return 0;
}

static int write_integer(struct walk *w, const struct field *f, const void *base,
	struct jsontext *t, const char *name)
{
	const void *p = member(base, f->at);
	int64_t n = 0;

	(void)w;
	if (f->type == FIELD_U32 || f->type == FIELD_ID)
		n = *(const uint32_t *)p;
	else if (f->type == FIELD_INT)
		n = *(const int *)p;
	else if (f->type == FIELD_LIMIT && *(const uint64_t *)p == UINT64_MAX)
		n = -1;
	else if (f->type == FIELD_I64)
		n = *(const int64_t *)p;
	else
		n = *(const uint64_t *)p > INT64_MAX ? INT64_MAX : *(const int64_t *)p;
	if (n != 0 || (f->flags & (FIELD_ALWAYS | FIELD_PRESENT)))
		jsontext_integer(t, name, n);
	return 0;
}

static int write_wide(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	uint64_t n = *(uint64_t *)member(base, f->at);

	(void)w;
	if (n != 0 || (f->flags & (FIELD_ALWAYS | FIELD_PRESENT)))
		json_u64_add(t, name, n);
	return 0;
}

static int write_strings(struct walk *w, const struct field *f, const void *base,
	struct jsontext *t, const char *name)
{
	const char **items = *(const char ***)member(base, f->at);
	size_t n = *(size_t *)member(base, f->count);

	if (!n && !(f->flags & FIELD_ALWAYS))
		return 0;
	jsontext_open(t, name, '[');
	for (size_t i = 0; i < n; i++)
		string_write(w, t, NULL, items[i]);
	jsontext_close(t, ']');
	return 0;
}

static int write_ids(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	const uint32_t *items = *(const uint32_t **)member(base, f->at);
	size_t n = *(size_t *)member(base, f->count);

	(void)w;
	if (!n && !(f->flags & FIELD_ALWAYS))
		return 0;
	jsontext_open(t, name, '[');
	for (size_t i = 0; i < n; i++)
		jsontext_integer(t, NULL, items[i]);
	jsontext_close(t, ']');
	return 0;
}

static int write_text(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	(void)w;
	textfield_write(f, member(base, f->at), t, name);
	return 0;
}

static int write_texts(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	(void)w;
	textfield_write_list(f, *(const void **)member(base, f->at),
		*(size_t *)member(base, f->count), t, name);
	return 0;
}

static int check_name(struct walk *w, const char *name)
{
	return utf8_valid(name) ? 0 : walk_fail(w, "is not UTF-8, which JSON cannot hold");
}

static int write_pairs(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	const struct key_value *items = *(const struct key_value **)member(base, f->at);
	size_t n = *(size_t *)member(base, f->count);

	if (!n && !(f->flags & FIELD_ALWAYS))
		return 0;
	jsontext_open(t, name, '{');
	for (size_t i = 0; i < n; i++) {
		size_t here = walk_enter(w, items[i].key, 0);
		if (check_name(w, items[i].key) < 0)
			return -1;
		string_write(w, t, items[i].key, items[i].value);
		walk_leave(w, here);
	}
	jsontext_close(t, '}');
	return 0;
}

static int object_write(struct walk *w, const struct field *table, const void *base,
	struct jsontext *t, const char *name, bool *ret_filled)
{
	jsontext_open(t, name, '{');
	for (const struct field *f = table; f->name; f++) {
		/* What is plain cannot fail: there is no need to know where. */
		size_t here = f->type < FIELD_PAIRS ? w->len : walk_enter(w, f->name, 0);
		if (field_write(w, f, base, t, f->name) < 0)
			return -1;
		walk_leave(w, here);
	}
	*ret_filled = t->filled;
	jsontext_close(t, '}');
	return 0;
}

static int write_array(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	const char *items = *(const char **)member(base, f->at);
	size_t n = *(size_t *)member(base, f->count);
	bool filled;

	if (!n && !(f->flags & FIELD_ALWAYS))
		return 0;
	jsontext_open(t, name, '[');
	for (size_t i = 0; i < n; i++) {
		size_t here = walk_enter(w, NULL, i);
		if (object_write(w, f->fields, items + i * f->size, t, NULL, &filled) < 0)
			return -1;
		walk_leave(w, here);
	}
	jsontext_close(t, ']');
	return 0;
}

static int write_map(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	const char *items = *(const char **)member(base, f->at);
	size_t n = *(size_t *)member(base, f->count);
	bool filled;

	if (!n)
		return 0;
	jsontext_open(t, name, '{');
	for (size_t i = 0; i < n; i++) {
		const char *key = *(const char **)member(items + i * f->size, f->key);
		size_t here = walk_enter(w, key, 0);
		if (check_name(w, key) < 0 ||
			object_write(w, f->fields, items + i * f->size, t, key, &filled) < 0)
			return -1;
		walk_leave(w, here);
	}
	jsontext_close(t, '}');
	return 0;
}

static int write_json(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	const json_t *v = *(json_t **)member(base, f->at);
	autofree char *text = NULL;

	if (!v)
		return 0;
	text = json_text(v, JSON_COMPACT | JSON_ENCODE_ANY, w->err);
	if (!text)
		return -1;
	jsontext_raw(t, name, text);
	return 0;
}

static int write_nothing(struct walk *w, const struct field *f, const void *base,
	struct jsontext *t, const char *name)
{
	(void)w, (void)f, (void)base, (void)t, (void)name;
	return 0;
}

static int write_object(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	struct jsontext before = *t;
	bool filled;

	if (object_write(w, f->fields, member(base, f->at), t, name, &filled) < 0)
		return -1;
	if (!filled && !(f->flags & FIELD_ALWAYS))
		jsontext_return(t, &before);
	return 0;
}

static int (*const writers[])(struct walk *, const struct field *, const void *, struct jsontext *,
	const char *) = {
	[FIELD_STRING] = write_string,
	[FIELD_BOOL] = write_bool,
	[FIELD_U32] = write_integer,
	[FIELD_ID] = write_integer,
	[FIELD_INT] = write_integer,
	[FIELD_I64] = write_integer,
	[FIELD_U64] = write_integer,
	[FIELD_WIDE] = write_wide,
	[FIELD_LIMIT] = write_integer,
	[FIELD_STRINGS] = write_strings,
	[FIELD_IDS] = write_ids,
	[FIELD_TEXT] = write_text,
	[FIELD_TEXTS] = write_texts,
	[FIELD_PAIRS] = write_pairs,
	[FIELD_ARRAY] = write_array,
	[FIELD_MAP] = write_map,
	[FIELD_OBJECT] = write_object,
	[FIELD_JSON] = write_json,
	[FIELD_REFUSED] = write_nothing,
	[FIELD_IGNORED] = write_nothing,
};

int field_write(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name)
{
	if ((f->flags & FIELD_PRESENT) && !*(bool *)member(base, f->count))
		return 0;
	return writers[f->type](w, f, base, t, name);
}

int fields_write(struct walk *w, const struct field *table, const void *base, struct jsontext *t)
{
	bool filled;

	return object_write(w, table, base, t, NULL, &filled);
}
