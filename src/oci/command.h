/* What a command of ctr-oci is. Engines write options in ways of their own: "--opt value",
 * "--opt=value", "-opt", before or behind the id. */
#pragma once

#include "base/err.h"
#include "state/store.h"

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
	OPTION_BOOL,           /* bool; "--opt", "--opt=false" */
	OPTION_CHOICE,         /* enum choice: the same, where "false" is more than nothing said */
	OPTION_STRING,         /* const char * */
	OPTION_LIST,           /* struct option_list */
	OPTION_IGNORED,        /* takes no value, and changes nothing here: says why in the help */
	OPTION_IGNORED_STRING, /* the same with a value */
};

enum choice { CHOICE_UNSAID, CHOICE_NO, CHOICE_YES };

struct option_list {
	const char *items[64];
	size_t count;
};

struct option {
	const char *name; /* without dashes; NULL ends a table */
	char letter;      /* 0: none */
	enum option_kind kind;
	size_t at;
	const char *help;
};

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
	const struct option *options;
	size_t options_size; /* of the struct that the options fill; zeroed */
	int words_min, words_max;
	bool stateless;
	bool makes_root; /* where states are kept; others find what the caller names, or fail */
	int failure;     /* exit status of a failure; 0: 1 */
	/* Returns the exit status, or -1 with err. */
	int (*run)(struct oci *oci, void *options, char **words, struct err *err);
};

/* Takes options from argv until "--" or a word of another kind, or, with interspersed, those behind such
 * words too; the words are moved to the front of argv, and NULL behind them. Returns their number, or -1. */
int options_parse(const struct option *table, void *to, int argc, char **argv, bool interspersed,
	struct err *err);
void options_help(const struct option *table);

/* A number from 0 to INT_MAX. */
int option_number(const char *what, const char *text, int *ret, struct err *err);
