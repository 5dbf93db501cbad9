/* --preserve-fds and LISTEN_FDS: which descriptors of the caller are the payload's. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* How many from 3 on: up to the last of those asked for that is open. Of the others there is a warning. The
 * environment is told of those to listen on. */
int preserved_fds(const char *option, struct spec *spec, unsigned *ret, struct err *err);
