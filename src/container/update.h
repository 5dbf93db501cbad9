/* New limits for a container that exists: at once where it runs, and for its next start. */
#pragma once

#include "base/arena.h"
#include "spec/limitchange.h"
#include "state/store.h"

struct update_report {
	struct arena arena;
	bool live;               /* it runs: else it has them from its next start on */
	struct key_value *files; /* of its group, as the kernel has them now */
	size_t count;
};
void update_report_free(struct update_report *report);

/* All of it or nothing, live and in config.json alike. Options as for limit_options_apply(). What this host cannot hold
 * is refused before anything changes, for one that does not run too. */
int container_update(const struct store *store, const char *name, const struct key_value *options,
	size_t count, device_resolve_fn *resolve, struct update_report *ret, struct err *err);
