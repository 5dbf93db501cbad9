#include "base/event.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/jsontext.h"
#include "base/utf8.h"

#include <string.h>

/* Every event begins with it, and no string in one can hold it: there the quotes have backslashes. */
static const char beginning[] = "{\"timeNs\":";

void event_add(struct event *e, const char *key, const char *value)
{
	if (value && e->attribute_count < EVENT_ATTRIBUTES_MAX)
		e->attributes[e->attribute_count++] = (struct event_attribute){key, value};
}

/* Well-formed, and not cut in the middle of a character. What acts on a terminal stays, for who prints it to see to. */
static void add_string(struct jsontext *t, const char *key, const char *value)
{
	size_t len = strnlen(value, EVENT_VALUE_MAX);
	char buf[EVENT_VALUE_MAX + 1];

	while (len && ((unsigned char)value[len] & 0xc0) == 0x80)
		len--;
	memcpy(buf, value, len);
	buf[len] = '\0';
	utf8_mend(buf);
	jsontext_string(t, key, buf);
}

static void add_event(struct jsontext *t, const struct event *e)
{
	jsontext_open(t, NULL, '{');
	jsontext_integer(t, "timeNs", e->time_ns);
	jsontext_string(t, "type", e->type);
	jsontext_string(t, "action", e->action);
	if (e->id)
		add_string(t, "id", e->id);
	add_string(t, "name", e->name);
	jsontext_open(t, "attributes", '{');
	for (size_t i = 0; i < e->attribute_count; i++)
		add_string(t, e->attributes[i].key, e->attributes[i].value);
	jsontext_close(t, '}');
	jsontext_close(t, '}');
}

char *event_format(const struct event *e)
{
	autojsontext struct jsontext t = {0};
	struct err ignored;

	add_event(&t, e);
	return jsontext_take(&t, &ignored);
}

static int take_attributes(struct arena *a, json_t *attributes, struct event *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(attributes))
		return -1;
	json_object_foreach (attributes, key, value) {
		if (!json_is_string(value))
			return -1;
		event_add(e, arena_strdup(a, key), arena_strdup(a, json_string_value(value)));
	}
	return 0;
}

/* The last place at which one begins. */
static const char *find_last(const char *line, size_t len)
{
	const size_t n = sizeof(beginning) - 1;
	const char *found = NULL, *at = line;

	while ((at = memmem(at, len - (size_t)(at - line), beginning, n))) {
		found = at;
		at += n;
	}
	return found;
}

int event_parse(struct arena *a, const char *line, size_t len, struct event *ret, struct err *err)
{
	const char *from = find_last(line, len), *type, *action, *id = NULL, *name;
	autojson json_t *j = NULL;
	struct event e = {0};
	json_t *attributes;
	json_int_t time_ns;

	if (!from)
		return 0;
	j = json_parse("event", from, len - (size_t)(from - line), err);
	if (!j)
		return err->sys ? -1 : 0;
	if (json_take(j, "event", err, "{sI ss ss s?s ss so}", "timeNs", &time_ns, "type", &type,
		    "action", &action, "id", &id, "name", &name, "attributes", &attributes) < 0)
		return 0;
	e.time_ns = time_ns;
	e.type = arena_strdup(a, type);
	e.action = arena_strdup(a, action);
	e.id = id ? arena_strdup(a, id) : NULL;
	e.name = arena_strdup(a, name);
	if (take_attributes(a, attributes, &e) < 0)
		return 0;
	*ret = e;
	return 1;
}
