/* One mount in the making, by the flags -v, --mount and --tmpfs: what they say in words of their own means the same. */
#pragma once

#include "spec/spec.h"

/* What must not be said twice in different words. */
enum topic {
	TOPIC_WRITE,
	TOPIC_SUID,
	TOPIC_DEV,
	TOPIC_EXEC,
	TOPIC_ATIME,
	TOPIC_DIRATIME,
	TOPIC_SYMFOLLOW,
	TOPIC_PROPAGATION,
	TOPIC_RECURSIVE,
	TOPIC_IDMAP,
	TOPIC_COPY_UP,
	TOPIC_COPY,
	TOPIC_NOTHING,
};

/* Which kinds of mount an option or a field belongs to. */
enum kinds { FOR_BIND = 1, FOR_TMPFS = 2, FOR_VOLUME = 4, FOR_TREE = 5, FOR_ALL = 7 };

struct request {
	struct spec *spec;
	const char *what; /* the flag's name */
	const char *cwd;
	struct mount m;
	bool typed, is_volume;
	uint64_t said;    /* bits of enum topic */
	const char *data; /* of a tmpfs */
	struct err *err;
};

enum kinds request_kind(const struct request *r);
const char *request_kind_name(const struct request *r);

/* What they are if nothing more is said. Of a volume all is there: nothing of the host is mounted below it. */
struct mount request_bind(bool make_source);
struct mount request_volume(void);

/* "." and what begins with "./", "..", "../". */
bool request_is_path(const char *s);

/* Each returns 0, or -1 with r->err filled. */
int request_source(struct request *r, const char *s);
int request_option(struct request *r, const char *name);
int request_propagation(struct request *r, const char *name);
/* "ro,nosuid,size=1m". */
int request_words(struct request *r, const char *list);
/* That there is no such option, or another kind of thing, with what other tools mean by it. */
int request_unknown(const struct request *r, const char *kind, const char *name);
bool request_has_said(const struct request *r, enum topic topic);

/* 1 if key is no option of tmpfs with a value. */
int request_tmpfs(struct request *r, const char *key, const char *value);
/* What was not said about a tmpfs. */
void request_tmpfs_complete(struct request *r);

/* Adds it; at /dev/shm in place of the usual one. */
void mount_put(struct spec *spec, struct mount *m);
