/* What linux.intelRdt asks of a group of resctrl, in the lines of its schemata file. Pure. */
#pragma once

#include "base/arena.h"
#include "spec/spec.h"

enum {
	RDT_WRITE_MAX = 4095, /* bytes: the kernel takes less than a page at once */
	RDT_WRITES = 2,
};

/* "/", or what can be the name of a group. */
bool rdt_class_fits(const char *name);

/* What is to be written to the schemata file, each with a newline at its end: what belongs to caches and
 * bandwidth together, and then the lines that come last. The count, 0 if there is no schema. */
size_t rdt_writes(const struct intel_rdt *rdt, struct arena *a, const char *ret[RDT_WRITES]);

/* Whether a schemata file has what the writes would give it: NULL, or the first "RESOURCE:DOMAIN=VALUE" that
 * it has not. Blanks, a leading 0x and zeros make no difference, nor do domains that nobody asks for. */
const char *rdt_differs(const char *const *writes, size_t n, const char *schemata, struct arena *a);
