/* What the caller may do on this host. Who is root of a user namespace only, as engines without rights
 * are, may mount and make namespaces, but makes no devices, and no marks that nobody else can. */
#pragma once

#include <stdbool.h>

enum rights {
	RIGHTS_HOST,      /* root, in the user namespace that the machine was booted with */
	RIGHTS_NAMESPACE, /* root of another */
	RIGHTS_NONE,      /* a user like any other */
};

/* By the effective user id; remembered from the first call on. */
enum rights rights_get(void);

/* Root of the machine, or of a container that was booted: of the user namespace that process 1 is in.
 * systemd, where it is process 1, is then ours, and else the one of a user. */
bool rights_over_init(void);
