/* The files that tell of a container of ours: container.json for ps, config.json for whoever runs it. Where
 * container_read() looks for them. */
#pragma once

#include "launch/plan.h"
#include "state/container.h"
#include "state/metadata.h"

/* Before anything is made: layers count as in use from here on. A start without any can tell about itself
 * later. */
int details_tell_first(const struct container *c, const struct spec *spec, bool logged,
	struct err *err);

/* The rest, for which the payload need not wait. */
int details_write(const struct container *c, const struct spec *spec, const struct plan *plan,
	bool logged, struct err *err);

/* Both, of one that is not started yet; on disk before this returns. */
int details_write_unstarted(const struct container *c, const struct spec *spec,
	const struct plan *plan, struct err *err);

/* Of one that was there before and runs again: it has no end any more. A warning says what fails. The old one is for
 * details_tell_back(), should it not run after all. */
void details_tell_again(const struct container *c, struct metadata *ret_was);
void details_tell_back(const struct container *c, const struct metadata *was);

/* Writes into the metadata that a restart has failed, and why, as nobody is there to be told. */
void details_tell_failure(const struct container *c, const struct err *why);
