/* Names that people give: to a container, a host, a label. */
#pragma once

#include "spec/spec.h"

enum { NAME_RANDOM_SIZE = 32, ID_SIZE = 65, HOSTNAME_MAX = 64 };

/* [A-Za-z0-9][A-Za-z0-9_.-]*, at most SPEC_NAME_MAX bytes: safe as the name of a directory, of a
 * cgroup, and on a command line. */
int name_check(const char *name, struct err *err);
/* The same rule for a volume; at most VOLUME_NAME_MAX bytes, as the name of a file. */
enum { VOLUME_NAME_MAX = 240 };
int volume_name_check(const char *what, const char *name, struct err *err);
/* The same rule for another thing, WHOSE, of that length or less. */
int thing_name_check(const char *what, const char *name, const char *whose, size_t max,
	struct err *err);
/* A name that can be said aloud, "calm-heron"; with attempt 3 and more also a number, for the
 * caller who found the ones before taken. */
int name_random(unsigned attempt, char ret_name[NAME_RANDOM_SIZE], struct err *err);
/* 64 hex digits. */
int id_random(char ret_id[ID_SIZE], struct err *err);

/* RFC 1123: labels of letters, digits and inner '-', with dots between them; HOSTNAME_MAX in all, the kernel's own
 * limit. The 63 bytes of a label are a limit of DNS, which a host need not be in: 64 letters are taken. */
int hostname_check(const char *what, const char *name, struct err *err);

/* Setter of base/flag.h, of a const char *, for --user: "USER[:GROUP]". If it is empty, that stays as it is. ":GROUP"
 * is refused: it would mean root, which nobody asked for. */
int user_set(void *to, const char *what, const char *value, struct err *err);

/* "KEY=VALUE" with a key that is not empty, both valid UTF-8, split at the first '='. */
int key_value_parse(struct arena *a, const char *what, const char *s, struct key_value *ret,
	struct err *err);
/* Replaces the entry of the same key, or appends. Keeps the pointers of kv. */
void key_value_put(struct arena *a, struct key_value **items, size_t *count, struct key_value kv);

/* --label: "KEY=VALUE", or "KEY" for an empty value; a later one wins. */
int label_flag(struct spec *spec, const char *what, const char *value, struct err *err);
/* --annotation: "KEY=VALUE"; a later one wins. */
int annotation_flag(struct spec *spec, const char *what, const char *value, struct err *err);
