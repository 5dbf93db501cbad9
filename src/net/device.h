/*
 * An interface of the host that goes into a container. Written to the kernel as it is, without libmnl:
 * ctr is linked statically, of libmnl there is no static library, and it is three messages.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <stddef.h>

/*
 * Parent: moves each device from our network namespace to the one behind netns, under its new name ("%d"
 * in it is the first number that is free), with its permanent addresses of global scope, which the
 * kernel drops on the way, and brings it up there. A name that is taken is an error. When
 * the namespace ends, the kernel gives a physical device back to the host's.
 */
int net_devices_move(const struct net_device *devices, size_t n, int netns, struct err *err);
