/* Ids above a private range that a container has all the same: of directories of users and groups, such
 * as LDAP's, or of platforms that hand out their own. */
#pragma once

#include "spec/spec.h"

/* Nothing for an id within the range, or one that is there already. (uint32_t)-1 is no id. */
int far_id_add(struct namespaces *ns, const char *what, uint32_t id, struct err *err);
/* Adds the ids of "UID[:GID]" that are numbers. */
int far_id_add_user(struct namespaces *ns, const char *what, const char *user, struct err *err);
