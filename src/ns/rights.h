/* What the caller may do on this host. Root of a user namespace only, as an engine without rights is, may mount and
 * make namespaces. It cannot make devices, nor marks that nobody else can make. */
#pragma once

#include <stdbool.h>

enum rights {
	RIGHTS_HOST,      /* root, in the user namespace that the machine was booted with */
	RIGHTS_NAMESPACE, /* root of another */
	RIGHTS_NONE,      /* a user like any other */
};

/* By the effective user id; remembered from the first call on. */
enum rights rights_get(void);

/* Whether we are root in the user namespace of process 1: root of the machine, or of a container that was booted.
 * Then a systemd that is process 1 is ours to ask; otherwise we ask the user's. */
bool rights_over_init(void);
