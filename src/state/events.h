/* Tells of a container of ours, in the events of its store (base/eventlog.h). An engine has events of its own: of its
 * containers nothing is told. */
#pragma once

#include "base/event.h"
#include "spec/signame.h"
#include "state/container.h"

/* Now; with one attribute, if value is not NULL. */
void container_tell(const struct container *c, const char *action, const char *key,
	const char *value);
/* The same for a container that nobody has open. id may be NULL. */
void container_tell_named(const struct store *store, const char *id, const char *name,
	const char *action, const char *key, const char *value);

/* Tells that it waits to be started again, and how long. */
void container_tell_attempt(const struct container *c, const char *policy, const char *attempt,
	const char *wait);
/* Tells of a container that is there: its id is taken from its documents. */
void container_tell_known(const struct store *store, const char *name, const char *action);

/* Tell that it has been made, and that it runs. `create` and a later start each tell one of them. */
void container_tell_made(const struct store *store, const struct spec *spec);
void container_tell_started(const struct container *c, const struct spec *spec);

void volume_tell(const struct store *store, const char *name, const char *action);
void network_tell(const struct store *store, const char *name, const char *action);

/* What is told of an end, gathered while it is known. */
struct ending {
	struct event events[3];
	size_t count;
	char status[12], signal[SIGNAL_NAME_SIZE];
};
/* status: -1 if nobody saw it. */
void ending_note(struct ending *e, const struct record *r, int status, bool oom_killed);
/* Tells that this end has removed it, which is an attribute of the event. */
#define EVENT_OF_ITSELF "autoRemove"
void ending_note_removal(struct ending *e, const struct record *r);
