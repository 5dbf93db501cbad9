/*
 * The seccomp filter of a container's processes: found before the clone, loaded after it.
 *
 * The usual start takes the built-in program out of ctr's own image and opens no file. Any other
 * profile is compiled once by ctr-seccomp and kept in the store.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_filter {
	const void *bytes; /* struct sock_filter[] */
	size_t len;        /* bytes; 0: unconfined */
	uint64_t flags;    /* SECCOMP_FILTER_FLAG_* that the profile asks for */
	bool notifies;     /* some calls are for a listener: seccomp_listener.h */
	void *owned;       /* what seccomp_free releases */
	char note[256];    /* what the profile asks for in vain: for who makes a container; or "" */
};

/*
 * p->seccomp_text, where there is one: a profile; it may notify if there is a p->listener. Else
 * p->seccomp: NULL or "default", "vps" (built in; with "+aio", "+32bit" behind it for what
 * seccomp_option.h says), "unconfined", or the path of a profile on the host, which is not read where its text is in
 * p->seccomp_profile. "includes" and "excludes" are
 * decided by the bounding set, those words, and the limit of core dumps. store_fd is the directory below
 * which "seccomp/" keeps compiled programs; -1: compile every time. Whoever removes that directory
 * loses only time.
 */
int seccomp_resolve(const struct process_spec *p, int store_fd, struct seccomp_filter *ret,
	struct err *err);
/* What it would answer to the last call of any program of that ABI, AUDIT_ARCH_*: SECCOMP_RET_*. */
uint32_t seccomp_answer_exit(const struct seccomp_filter *filter, uint32_t arch);
/* The text of a profile, which a user names: free it. */
int seccomp_profile_read(const char *path, char **ret_text, size_t *ret_len, struct err *err);
/* Is not the path of a profile. */
bool seccomp_name_is_known(const char *name);
void seccomp_free(struct seccomp_filter *filter);

/* Loads it for the calling thread, for ever. no_new_privs is set, or CAP_SYS_ADMIN is held, by the
 * caller. Allocates nothing. */
int seccomp_apply(const struct seccomp_filter *filter, struct err *err);
/* The same with more SECCOMP_FILTER_FLAG_*. What seccomp(2) returns, or -1. */
int seccomp_load(const struct seccomp_filter *filter, uint64_t more_flags, struct err *err);
