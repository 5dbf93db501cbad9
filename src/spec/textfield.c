#include "spec/textfield.h"

#include "base/address.h"
#include "spec/field.h"

#include <string.h>

static int parse_address(const char *s, void *ret)
{
	return address_parse(s, ret);
}

static void format_address(const void *value, char ret[TEXT_VALUE_SIZE])
{
	address_format(value, ret);
}

static int parse_prefix(const char *s, void *ret)
{
	return prefix_parse(s, ret);
}

static void format_prefix(const void *value, char ret[TEXT_VALUE_SIZE])
{
	prefix_format(value, ret);
}

static int parse_mac(const char *s, void *ret)
{
	return mac_parse(s, ret);
}

static void format_mac(const void *value, char ret[TEXT_VALUE_SIZE])
{
	static const struct mac none;

	if (memcmp(value, &none, sizeof(none)) == 0)
		ret[0] = '\0';
	else
		mac_format(value, ret);
}

const struct text_type text_address = {sizeof(struct address), "an IP address", parse_address,
	format_address};
const struct text_type text_prefix = {sizeof(struct prefix), "ADDRESS/LENGTH", parse_prefix,
	format_prefix};
const struct text_type text_mac = {sizeof(struct mac), "a MAC address", parse_mac, format_mac};

int textfield_read(struct walk *w, const struct field *f, const json_t *v, void *ret)
{
	const char *s = json_string_value(v);

	if (!s || strlen(s) != json_string_length(v))
		return walk_fail(w, "must be %s", f->text->should);
	if (f->text->parse(s, ret) < 0)
		return walk_fail(w, "\"%.80s\" must be %s", s, f->text->should);
	return 0;
}

int textfield_read_list(struct walk *w, const struct field *f, const json_t *v, void **ret,
	size_t *ret_count)
{
	const size_t size = f->text->size;
	char *items = NULL;
	json_t *item;
	size_t i;

	if (!json_is_array(v))
		return walk_fail(w, "must be an array");
	json_array_foreach (v, i, item) {
		size_t here = walk_enter(w, NULL, i);

		items = arena_grow(w->arena, items, i, size);
		memset(items + i * size, 0, size);
		if (textfield_read(w, f, item, items + i * size) < 0)
			return -1;
		walk_leave(w, here);
	}
	*ret = items;
	*ret_count = json_array_size(v);
	return 0;
}

void textfield_write(const struct field *f, const void *value, struct jsontext *t, const char *name)
{
	char text[TEXT_VALUE_SIZE];

	f->text->format(value, text);
	if (*text)
		jsontext_string(t, name, text);
}

void textfield_write_list(const struct field *f, const void *items, size_t n, struct jsontext *t,
	const char *name)
{
	if (!n && !(f->flags & FIELD_ALWAYS))
		return;
	jsontext_open(t, name, '[');
	for (size_t i = 0; i < n; i++)
		textfield_write(f, (const char *)items + i * f->text->size, t, NULL);
	jsontext_close(t, ']');
}
