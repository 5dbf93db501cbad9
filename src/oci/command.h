/* What a command of ctr-oci is. Engines write options in ways of their own: "--opt value",
 * "--opt=value", "-opt", before or behind the id. */
#pragma once

#include "base/err.h"
#include "base/flag.h"
#include "state/store.h"

#include <stdbool.h>
#include <stddef.h>

enum choice { CHOICE_UNSAID, CHOICE_NO, CHOICE_YES };

struct option_list {
	const char *items[64];
	size_t count;
};

/* Setters: of an enum choice, where "false" is more than nothing said; of a struct option_list. */
int option_choice(void *to, const char *what, const char *value, struct err *err);
int option_list_add(void *to, const char *what, const char *value, struct err *err);

enum cgroup_manager { MANAGER_CGROUPFS, MANAGER_SYSTEMD, MANAGER_DISABLED };

enum rootless { ROOTLESS_AUTO, ROOTLESS_FALSE, ROOTLESS_TRUE };

struct oci {
	enum rootless rootless;
	const char *root; /* of the store */
	bool root_given;
	enum cgroup_manager manager;
	struct store store; /* open, unless the command is stateless */
	char *const *argv;  /* the whole command line */
};

struct oci_command {
	const char *name, *summary, *arguments;
	const struct flag *options; /* NULL: none */
	size_t options_size;        /* of the struct that the options fill; zeroed */
	int words_min, words_max;
	bool stateless;
	bool makes_root; /* where states are kept; others find what the caller names, or fail */
	int failure;     /* exit status of a failure; 0: 1 */
	/* Returns the exit status, or -1 with err. */
	int (*run)(struct oci *oci, void *options, char **words, struct err *err);
};

/* A number from 0 to INT_MAX. */
int option_number(const char *what, const char *text, int *ret, struct err *err);
