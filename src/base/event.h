/*
 * Something that happened to a container, an image or a volume: a line of JSON in a file of the store, for whoever
 * asks later or waits for it (eventlog.h). What is known of them is elsewhere: an event is news. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	EVENT_ATTRIBUTES_MAX = 6,
	EVENT_VALUE_MAX = 255,  /* bytes of a string; what is longer is cut */
	EVENT_LINE_MAX = 16384, /* of a whole one, where each byte may take six */
};

struct event_attribute {
	const char *key, *value;
};

struct event {
	int64_t time_ns;       /* since 1970 */
	const char *type;      /* "container", "image", "volume" or "network" */
	const char *action;    /* in docker's word, where it has one */
	const char *id, *name; /* id: NULL if it has none */
	struct event_attribute attributes[EVENT_ATTRIBUTES_MAX];
	size_t attribute_count;
};

/* One more attribute, if value is not NULL; beyond EVENT_ATTRIBUTES_MAX nothing is added. */
void event_add(struct event *e, const char *key, const char *value);

/* One line without its line feed, new (free it), or NULL without memory. Bytes that are no UTF-8 are '?'. */
char *event_format(const struct event *e);

/* What is in one line, without its line feed; what a writer left half done before it is passed over. Strings belong to
 * the arena. 1, 0 if there is no event in it, or -1 without memory. */
int event_parse(struct arena *a, const char *line, size_t len, struct event *ret, struct err *err);
