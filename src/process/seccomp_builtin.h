/* The profiles in profiles/, compiled while ctr is built. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct seccomp_builtin {
	const char *name;
	const void *program; /* array of struct sock_filter */
	size_t program_len;  /* bytes */
	const char *json;
	size_t json_len;
	uint64_t caps;  /* bounding set it was compiled for */
	uint64_t asked; /* capabilities it depends on: others change nothing */
};

extern const struct seccomp_builtin seccomp_builtins[];
extern const size_t seccomp_builtin_count;
