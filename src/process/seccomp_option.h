/* What the filter of a container depends on beside its capabilities: words that a profile's "includes" and
 * "excludes" name in "options". */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum seccomp_option {
	SECCOMP_OPTION_AIO = 1 << 0,   /* "aio": asynchronous I/O of the kernel, io_setup(2) */
	SECCOMP_OPTION_32BIT = 1 << 1, /* "32bit": the machine's 32-bit programs as well */
	SECCOMP_OPTION_CORE =
		1 << 2, /* "core": the limit of core dumps is the container's to set */
};

/* Words separated by `separator`, as a set. 0, or -1 for a word that is none. */
int seccomp_options_parse(const char *words, char separator, uint32_t *ret);
/* Separated by commas; "" for none. */
void seccomp_options_format(uint32_t options, char ret[32]);
