/* Properties of a unit of systemd, as the annotations of a container ask for them. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/variant.h"

/* How the key of such an annotation begins. The rest of it is the property's name. */
#define UNIT_PROPERTY_PREFIX "org.systemd.property."

struct unit_property {
	const char *name;
	struct variant value;
};

/* value: in GVariant's text format. A name has letters only; NAMESec, a number of seconds, becomes
 * NAMEUSec, in microseconds. A scope that is not delegated is refused. Borrows name. */
int unit_property_parse(const char *name, const char *value, struct arena *a,
	struct unit_property *ret, struct err *err);
