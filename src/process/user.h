/* Who the payload is, by the container's own /etc/passwd and /etc/group. Child side: allocates
 * nothing, blocks on nothing, reads no more than a fixed amount (CVE-2024-9676). */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	USER_GROUPS_MAX = 65536, /* the kernel's NGROUPS_MAX */
	USER_NAME_SIZE = 256,
	USER_FILE_MAX = 16 << 20
};

struct user {
	uint32_t uid, gid;
	const gid_t *groups; /* supplementary, each once, in order; until the next user_resolve() */
	size_t ngroups;
	char home[USER_NAME_SIZE]; /* absolute; "/" where the container does not say */
};

/* text: "", "user", "user:group", ":group", each a name or a number; "" is 0:0. Without a group in
 * it the user has the primary group of its entry (a number without entry: 0), and the supplementary
 * groups that list its name. extra: names or numbers. A number is an id, never a name that looks
 * like one. Ids must be below limit. A file is only needed where an answer depends on it; root
 * that cannot be looked up is 0:0 and in no other group. */
int user_resolve(int rootfd, const char *text, char *const *extra, size_t nextra, uint32_t limit,
	struct user *ret, struct err *err);

/* The name of an id by the container's /etc/passwd: 1, 0 if it has none, -1 with err. */
int user_name(int rootfd, uint32_t uid, char ret[USER_NAME_SIZE], struct err *err);

/* One line of passwd(5) or group(5) at a time, fed in pieces of any size. A field that is longer
 * than USER_NAME_SIZE or has a NUL byte in it equals nothing. */
struct field_scan {
	bool members; /* the fourth field is a list with commas */
	unsigned field;
	size_t len;
	bool bad;
	char text[USER_NAME_SIZE];
};

/* The first line that has the name, or, without one, the id. */
struct passwd_scan {
	struct field_scan scan;
	const char *name;
	uint32_t id;
	bool found, usable; /* usable: both ids are ids */
	uint32_t uid, gid;
	char user[USER_NAME_SIZE], home[USER_NAME_SIZE];
	/* The line so far. */
	struct {
		bool uid_ok, gid_ok;
		uint32_t uid, gid;
		char user[USER_NAME_SIZE], home[USER_NAME_SIZE];
	} line;
};

struct group_question {
	const char *name;
	/* The answer, of the first line that has the name. */
	bool found, usable;
	uint32_t gid;
};

/* gids of names, and of every group that lists member. */
struct group_scan {
	struct field_scan scan;
	const char *member; /* or NULL */
	struct group_question *questions;
	size_t question_count;
	gid_t *gids;
	size_t gid_count, gid_room;
	bool too_many;
	/* The line so far. */
	struct {
		bool listed, gid_ok;
		uint32_t gid;
		char name[USER_NAME_SIZE];
	} line;
};

/* Zeroed and with their questions set. len 0 ends the file. */
void passwd_feed(struct passwd_scan *p, const char *data, size_t len);
void group_feed(struct group_scan *g, const char *data, size_t len);
