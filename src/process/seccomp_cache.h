/* Compiled programs, kept below the store by everything they were made from. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct seccomp_program_bytes {
	const void *bytes; /* struct sock_filter[] */
	size_t len;
	uint64_t flags;
	char note[256]; /* of seccomp.h */
	void *owned;    /* free it */
};

struct seccomp_key {
	const char *profile;
	size_t profile_len;
	char params[256]; /* zero-padded text */
};

/* 0, or -1 if it is not there, is of another key, or is damaged. */
int seccomp_cache_find(int store_fd, const struct seccomp_key *key,
	struct seccomp_program_bytes *ret);
/* Failure costs time at the next start and is not reported. */
void seccomp_cache_store(int store_fd, const struct seccomp_key *key,
	const struct seccomp_program_bytes *program);
