/* The environment of the payload: --env, --env-file, and the image's own. */
#pragma once

#include "spec/spec.h"

/* The kernel's limit for one string of an environment, its NUL included (MAX_ARG_STRLEN). */
enum { ENV_STRING_MAX = 128 << 10 };

/* "KEY=VALUE" behind what is in spec->process.env: env_settle() is to come. A key that is empty and what
 * execve(2) would not take are refused. */
int env_add(struct spec *spec, const char *what, const char *s, struct err *err);

/* --env: "KEY=VALUE", or "KEY" for the value that key has in host_env (as environ; NULL: none); if
 * it has none there, the payload gets none either. env_settle() is to come here too. */
int env_flag(struct spec *spec, const char *what, const char *value, char *const *host_env,
	struct err *err);
/* The text of an --env-file: one --env to a line, taken literally (no quotes, no expansion); blank
 * lines and lines that start with '#' do not count. text[len] is NUL, and no other. Errors name path and line. */
int envfile_parse(struct spec *spec, const char *path, const char *text, size_t len,
	char *const *host_env, struct err *err);
