/* What a container is where nobody asked for anything else. Pure. */
#pragma once

#include "spec/spec.h"

/* A spec with the default isolation: every namespace its own, the application profile's
 * capabilities, the usual mounts, masks, devices, limits. Name, root and command are left open. */
void spec_init(struct spec *spec);

/* Adds what follows from the namespaces and the rest of the spec, once flags are read: sysctls of
 * its own network, HOME-less environment defaults (PATH, HOSTNAME, TERM), the hostname. */
void spec_complete(struct spec *spec);

/* Adds the devices that the OCI runtime specification promises each container, where the spec has
 * none of its own at their paths, and the rules that let them be used, as other runtimes do: they
 * come last, and mknod(2) is for capabilities to decide. */
void spec_devices_complete(struct spec *spec);
void spec_device_rules_complete(struct spec *spec);

/* Masks, for each of so many processors, how often it was slowed down because of heat: that tells of neighbours. */
void spec_mask_throttles(struct spec *spec, unsigned cpus);

void spec_mount_add(struct spec *spec, struct mount m);
void spec_mount_drop(struct spec *spec, const char *target);
