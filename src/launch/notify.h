/*
 * sd_notify(3) from a container to whoever supervises its engine: a directory of the container's
 * state, bound read-only into it, in which the call that starts it listens. Only that it is ready is passed
 * on: what else a payload says about the service is not for it to say. Once the starter has gone,
 * there is nobody to hear.
 */
#pragma once

#include "spec/spec.h"
#include "state/container.h"

#define NOTIFY_DIR    "notify"
#define NOTIFY_INSIDE "/run/notify"

/* Before the name is locked: the mount and the variable, if NOTIFY_SOCKET is in our environment. */
void notify_plan(const struct store *store, struct spec *spec);
/* Once it is locked: the directory, where a mount of the spec wants it. */
int notify_make(const struct container *c, const struct spec *spec, struct err *err);

/* A socket where the container will look for it; -1 if we are not asked for, or, with err->text, on
 * failure. */
int notify_listen(const struct container *c, struct err *err);
/* Waits until the payload is ready, which is passed on, or has ended. sock is from notify_listen(). */
int notify_wait(const struct container *c, int sock, struct err *err);
