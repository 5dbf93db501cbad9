#include "state/events.h"

#include "base/clock.h"
#include "base/eventlog.h"
#include "spec/signame.h"
#include "state/metadata.h"

#include <signal.h>
#include <stdio.h>

static struct event event_of(const char *id, const char *name, const char *action)
{
	return (struct event){
		.time_ns = now_ns(),
		.type = "container",
		.action = action,
		.id = id,
		.name = name,
	};
}

void container_tell_named(const struct store *store, const char *id, const char *name,
	const char *action, const char *key, const char *value)
{
	struct event e = event_of(id, name, action);

	event_add(&e, key, value);
	eventlog_add(store->root_fd, &e, 1);
}

void container_tell(const struct container *c, const char *action, const char *key,
	const char *value)
{
	container_tell_named(c->store, c->record.id, c->record.name, action, key, value);
}

void container_tell_attempt(const struct container *c, const char *policy, const char *attempt,
	const char *wait)
{
	struct event e = event_of(c->record.id, c->record.name, "restart");

	event_add(&e, "policy", policy);
	event_add(&e, "attempt", attempt);
	event_add(&e, "wait", wait);
	eventlog_add(c->store->root_fd, &e, 1);
}

void container_tell_known(const struct store *store, const char *name, const char *action)
{
	struct err ignored;
	struct metadata s;

	if (container_metadata(store, name, &s, &ignored) < 0)
		return;
	container_tell_named(store, s.id, name, action, NULL, NULL);
	metadata_free(&s);
}

static struct event event_of_spec(const struct spec *spec, const char *action)
{
	struct event e = event_of(spec->id, spec->name, action);

	event_add(&e, spec->image ? "image" : "rootfs", spec->image ? spec->image : spec->root.dir);
	return e;
}

void container_tell_made(const struct store *store, const struct spec *spec)
{
	const struct event e = event_of_spec(spec, "create");

	eventlog_add(store->root_fd, &e, 1);
}

void container_tell_started(const struct container *c, const struct spec *spec)
{
	const struct event both[] = {event_of_spec(spec, "create"), event_of_spec(spec, "start")};
	size_t first = c->record.kept ? 1 : 0;

	eventlog_add(c->store->root_fd, both + first, 2 - first);
}

static void tell_of(const struct store *store, const char *type, const char *name,
	const char *action)
{
	struct event e = event_of(NULL, name, action);

	e.type = type;
	eventlog_add(store->root_fd, &e, 1);
}

void volume_tell(const struct store *store, const char *name, const char *action)
{
	tell_of(store, "volume", name, action);
}

void network_tell(const struct store *store, const char *name, const char *action)
{
	tell_of(store, "network", name, action);
}

void ending_note(struct ending *e, const struct record *r, int status, bool oom_killed)
{
	struct event die = event_of(r->id, r->name, "die");

	if (oom_killed)
		e->events[e->count++] = event_of(r->id, r->name, "oom");
	if (status >= 0) {
		snprintf(e->status, sizeof(e->status), "%d", status);
		event_add(&die, "exitCode", e->status);
	}
	if (status > 128 && status - 128 < NSIG)
		event_add(&die, "signal", signal_format(status - 128, e->signal));
	event_add(&die, "oomKilled", oom_killed ? "true" : NULL);
	e->events[e->count++] = die;
}

void ending_note_removal(struct ending *e, const struct record *r)
{
	struct event destroy = event_of(r->id, r->name, "destroy");

	event_add(&destroy, EVENT_OF_ITSELF, "true");
	e->events[e->count++] = destroy;
}
