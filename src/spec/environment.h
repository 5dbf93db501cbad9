/* The environment of the payload: spec->process.env. */
#pragma once

#include "spec/spec.h"

/* The value of key, or NULL. */
const char *env_get(const struct spec *spec, const char *key);
/* "KEY=VALUE", in place of what the key had. Looks at each: for one, not for a list of them. */
void env_set(struct spec *spec, const char *assignment);
/* Puts it behind all others: env_settle() is to come. */
void env_append(struct spec *spec, const char *assignment);
/* Of variables with one key only the last is kept, in the place of the first: getenv(3) would find the first. */
void env_settle(struct spec *spec);
