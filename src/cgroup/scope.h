/*
 * Scopes: groups that systemd makes, so that it knows of the processes in them. The scope is
 * delegated: systemd keeps to the scope's own files, and the group SCOPE/container, with the limits
 * and device rules in it, is ours alone; `systemctl daemon-reload` does not touch it. The limits
 * are properties of the scope too: weights count among its siblings, and tools look there. They hold as
 * well, so that a limit that is raised is raised in both places.
 *
 * D-Bus is spoken by ctr-scope, a program that is run for a start, and for a change, only. It is the first process of
 * the scope, which would end without one, until the payload is there.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/path.h"
#include "spec/spec.h"
#include "spec/unitproperty.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SCOPE_SECONDS = 10, UNIT_NAME_SIZE = 256 };

#define SCOPE_GROUP "container" /* below the scope */
#define SCOPE_HOLD  "hold"      /* where ctr-scope waits, as an inner group holds no process */

struct scope_name {
	char slice[UNIT_NAME_SIZE], unit[UNIT_NAME_SIZE];
	bool user; /* of the user's own systemd */
};

/* "SLICE:PREFIX:NAME", as engines write linux.cgroupsPath for systemd: PREFIX-NAME.scope, or NAME.scope
 * without a prefix, in SLICE or else in system.slice, user.slice for a user's systemd. A NAME that is a
 * slice is parsed, and refused, as systemd delegates no slice. */
int scope_name_parse(const char *what, const char *text, bool user, struct scope_name *ret,
	struct err *err);
/* The group of "a-b.slice" is "/a.slice/a-b.slice", that of "-.slice" is "". */
int slice_expand(const char *what, const char *slice, char ret[CGROUP_PATH_SIZE], struct err *err);
/* Where SCOPE_GROUP of the scope will be, for the system's systemd. */
int scope_group_path(const struct scope_name *name, char ret[CGROUP_PATH_SIZE], struct err *err);

struct word_list {
	char **words;
	size_t count;
};
/* The limits as properties of a unit, in the form that ctr-scope takes: "NAME=TYPE:VALUE", and the
 * strings of an array as words of their own behind "NAME=a:COUNT". Pure.
 * stop_timeout_ns: how long `systemctl stop` waits before it kills. */
void scope_properties(const struct limits *limits, const char *description,
	uint64_t stop_timeout_ns, struct arena *a, struct word_list *ret);
/* One more, which counts instead of an earlier one of that name. */
void scope_property_add(struct word_list *l, struct arena *a, const struct unit_property *p);
/* The same, but only for limits that are given. */
void scope_changes(const struct limits *limits, struct arena *a, struct word_list *ret);
/* "0-2,5" as hexadecimal digits of a mask, the lowest byte first: "27". */
char *scope_mask(struct arena *a, const char *list);

struct scope {
	pid_t holder;
	bool asked;  /* systemd, for the scope */
	int hold_fd; /* the holder ends with it */
	int dir_fd;  /* the scope's own group */
};
#define SCOPE_NONE ((struct scope){.hold_fd = -1, .dir_fd = -1})

/* Asks systemd for the scope and waits, SCOPE_SECONDS at most. ret_path: its group. On failure there
 * is no scope, or, should systemd make it later, it ends by itself. If this process dies it ends too,
 * unless somebody is in it. */
int scope_start(const struct scope_name *name, int hierarchy_fd, const struct word_list *properties,
	struct scope *ret, char ret_path[CGROUP_PATH_SIZE], struct err *err);
/* Changes the properties of a scope until it ends, within SCOPE_SECONDS. */
int scope_change(const struct scope_name *name, const struct word_list *properties,
	struct err *err);
/* The processes in the scope keep it from here on. */
void scope_let_go(struct scope *scope);
