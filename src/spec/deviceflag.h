/* Devices of a container: --device and the rules that let it use them. Pure: the caller looks at the
 * host's node. */
#pragma once

#include "spec/spec.h"

#include <sys/stat.h>

/* --device SRC[:DST][:ACCESS]: an absolute path on the host, one below /dev in the container (as on
 * the host if not given), some of "rwm" (all if not given). Type and numbers are left to
 * device_fill(). */
int device_parse(struct arena *a, const char *what, const char *value, const char **ret_source,
	struct device *ret_device, struct err *err);
/* Type, numbers and permissions from the host's node; refuses what is no device. */
int device_fill(struct device *d, const char *source, const struct stat *st, struct err *err);
/* Adds it, in place of an earlier one at the same path, with the rule that allows it. */
void device_add(struct spec *spec, const struct device *d);

/* The rules of every container: nothing but the harmless devices and terminals. Goes before what
 * device_add() adds. */
void device_rules_default(struct spec *spec);
/* --device-cgroup-rule "TYPE MAJOR:MINOR ACCESS", such as "c 10:200 rw" or "b *:* m". */
int device_rule_flag(struct spec *spec, const char *what, const char *value, struct err *err);
