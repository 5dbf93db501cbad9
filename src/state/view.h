/* A container as it is at this moment: what is kept of it, and whether it runs. */
#pragma once

#include "spec/health.h"
#include "state/elsewhere.h"
#include "state/record.h"
#include "state/status.h"
#include "state/store.h"

struct view {
	struct metadata metadata;
	enum container_status status;
	bool elsewhere; /* it runs, without a record here: nothing can be done to it */
	bool forsaken;  /* it runs, but its supervisors do not */
	enum health_status health;
	bool connected; /* it runs here, in networks of ours */
	size_t met;     /* for whoever lists: in which order */
	pid_t pid;      /* of one that runs or is paused here, else 0 */
};

/* What is opened once for all that are looked at. */
struct viewer {
	const struct store *store;
	int hierarchy_fd, groups_fd;
	struct elsewhere elsewhere;
	bool unsure;          /* what was seen may have been in the midst of a rename */
	struct record record; /* of the one just looked at, unless it is CONTAINER_EXITED */
};

enum view_which {
	VIEW_ANY,
	VIEW_ALIVE, /* only what runs or is paused: the rest costs one system call each */
};

void viewer_init(struct viewer *v, const struct store *store);
void viewer_close(struct viewer *v);

/* 1 and *ret (free with view_free), 0 if there is no such container (any more) or it is not one of
 * those asked for. A dead one that nobody holds is released on the way; where that fails, a
 * warning says so and the container is shown as it is. */
int viewer_look(struct viewer *v, const char *name, enum view_which which, struct view *ret,
	struct err *err);
void view_free(struct view *view);
