#include "state/ended.h"

#include "base/clock.h"
#include "base/eventlog.h"
#include "base/fd.h"
#include "base/num.h"
#include "state/events.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* The event follows the removal. */
enum { NAME_SECONDS = 60, EVENT_SECONDS = 5, ID_SHORTEST = 12 };

struct search {
	const char *id, *word;
	char found[sizeof(((struct record *)0)->id)]; /* the last one that fits */
	int status;
	bool gone;
};

static const char *attribute(const struct event *e, const char *key)
{
	for (size_t i = 0; i < e->attribute_count; i++)
		if (strcmp(e->attributes[i].key, key) == 0)
			return e->attributes[i].value;
	return NULL;
}

static bool fits(const struct search *s, const struct event *e)
{
	size_t len = strlen(s->word);

	if (s->id)
		return strcmp(e->id, s->id) == 0;
	return (strcmp(e->name, s->word) == 0 &&
		       e->time_ns > now_ns() - NAME_SECONDS * INT64_C(1000000000)) ||
	       (len >= ID_SHORTEST && strncmp(e->id, s->word, len) == 0);
}

static int take(const struct event *e, void *arg, struct err *err)
{
	struct search *s = arg;
	const char *code;
	uint32_t status;

	(void)err;
	if (strcmp(e->type, "container") != 0 || !e->id)
		return 0;
	/* The name is nobody's from then on. */
	if (!s->id && strcmp(e->id, s->found) == 0 && strcmp(e->action, "rename") == 0 &&
		strcmp(e->name, s->word) != 0)
		s->found[0] = '\0';
	if (!fits(s, e))
		return 0;
	if (strcmp(s->found, e->id) != 0) {
		snprintf(s->found, sizeof(s->found), "%s", e->id);
		s->status = -1;
		s->gone = false;
	}
	code = strcmp(e->action, "die") == 0 ? attribute(e, "exitCode") : NULL;
	if (code && num_parse_u32(code, &status) == 0 && status <= 255)
		s->status = (int)status;
	/* Of what somebody has removed nobody is to wait for the end. */
	if (strcmp(e->action, "destroy") == 0) {
		s->gone = attribute(e, EVENT_OF_ITSELF) != NULL;
		if (!s->gone)
			s->found[0] = '\0';
	}
	return 0;
}

static int await(struct eventlog *l, struct search *s, struct err *err)
{
	uint64_t deadline = deadline_in(EVENT_SECONDS);
	autofd int watch = eventlog_watch(l->dirfd, err);
	char buf[4096];
	int r = watch < 0 ? -1 : 0;

	while (r == 0 && (r = eventlog_read(l, take, s, err)) == 0) {
		struct pollfd p = {watch, POLLIN, 0};

		if (!s->found[0] || s->gone || poll(&p, 1, deadline_poll_ms(deadline)) <= 0)
			break;
		while (read(watch, buf, sizeof(buf)) > 0)
			;
	}
	return r;
}

int container_ended(const struct store *store, const char *id, const char *word, int *ret_status,
	struct err *err)
{
	struct search s = {.id = id && *id ? id : NULL, .word = word};
	struct eventlog l;
	int r;

	if (store->root_fd < 0)
		return 0;
	if (eventlog_open(&l, store->root_fd, err) < 0)
		return -1;
	r = await(&l, &s, err);
	eventlog_close(&l);
	if (r < 0)
		return -1;
	if (s.gone)
		*ret_status = s.status;
	return s.gone;
}
