/* What a container may do, by the flags of ctr run: setters of base/flag.h. */
#pragma once

#include "base/err.h"

/* Of a set of capabilities: some more. */
int caps_flag(void *to, const char *what, const char *value, struct err *err);
/* Of a struct run_options: --security-opt. */
int security_flag(void *to, const char *what, const char *value, struct err *err);
