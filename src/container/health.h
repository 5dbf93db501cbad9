/* Asks a running container how it is: a command in it, in a group of its own below the container's, so that nothing of
 * it is left when its time is over. What it answers is kept: state/health.h. */
#pragma once

#include "spec/health.h"
#include "state/store.h"

enum health_asked {
	HEALTH_ASKED,     /* and the answer is kept */
	HEALTH_NOT_ASKED, /* it is paused, or has ended meanwhile, or somebody else is asking */
};

struct health_result {
	enum health_asked asked;
	bool well;
	enum health_status status;
	bool soon; /* the next question is due after the start interval */
};

/* argv: of the caller, who is begun anew if he must be protected from the container. due_id: of the only container that
 * is meant, if it was time to ask: who is asking already is then not waited for; or NULL. err->sys is ESRCH if it does
 * not run. */
int container_ask_health(const struct store *store, const char *name, const char *due_id,
	char *const *argv, struct health_result *ret, struct err *err);

/* Waits until the container is healthy, or unhealthy. -1 if it has ended, or nobody asks it. */
int container_wait_health(const struct store *store, const char *name, enum health_status wanted,
	struct err *err);
