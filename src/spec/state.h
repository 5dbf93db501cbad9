/* The state of a container as the runtime specification words it: for `state`, and for hooks. */
#pragma once

#include "spec/spec.h"

#include <stdint.h>

struct oci_state {
	const char *version, *id, *status, *bundle;
	const char *rootfs, *owner; /* NULL: left out */
	pid_t pid;                  /* 0: none */
	int64_t created_ns;         /* since 1970; 0: left out */
	const struct key_value *annotations;
	size_t annotation_count;
	const char *const *streams; /* three, or NULL: left out */
};

enum oci_state_form {
	STATE_INDENTED, /* for people; with a pid of 0 if there is none, as engines read it */
	STATE_COMPACT,
};

/* One object, new (free it). NULL with err where a text in it is not UTF-8. */
char *oci_state_format(const struct oci_state *s, enum oci_state_form form, struct err *err);

/* "2026-11-21T07:24:21.123456789Z". */
enum { STATE_TIME_SIZE = 40 };
const char *oci_time_format(int64_t ns, char ret[STATE_TIME_SIZE]);
