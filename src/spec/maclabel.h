/* Names of AppArmor profiles and labels of SELinux, as text. Pure; process/lsm.h finds out whether the host has one
 * of the two. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>

/* What the kernel takes as the name of a profile: no control character, no blank at either end. */
int apparmor_check(const char *what, const char *name, struct err *err);
/* Takes the text of securityfs' apparmor/profiles, a "NAME (MODE)" a line. */
bool apparmor_listed(const char *profiles, const char *name);

/* "user:role:type", or with ":level", which may have more colons in it. */
int selinux_check(const char *what, const char *label, struct err *err);

/* Parts of a label that take the place of ctr's own; NULL: as they are. */
struct selinux_parts {
	const char *user, *role, *type, *level;
};
/* "type:container_t" and the like. */
int selinux_part(struct selinux_parts *parts, const char *what, const char *value, struct err *err);
bool selinux_parts_any(const struct selinux_parts *parts);
/* base: a label that selinux_check() takes. */
char *selinux_merge(struct arena *a, const char *base, const struct selinux_parts *parts);
