/* What a command of ctr is: a row of the table in main.c, and the flags it takes. The same rows feed
 * parsing, --help, the completion and the check of the man pages. */
#pragma once

#include "base/err.h"
#include "base/flag.h"
#include "state/store.h"

#include <stdbool.h>
#include <stddef.h>

struct cli {
	const char *root, *state; /* --root, --state, or NULL */
	bool version;             /* --version: nothing else is done */
	char *const *argv;        /* the whole command line */
	struct store store;       /* open, unless the command is stateless */
};

struct command {
	const char *name;
	const char *summary;      /* one line of `ctr --help` */
	const char *arguments;    /* behind the flags in the usage line */
	const char *examples;     /* lines of the help, before the flags */
	const struct flag *flags; /* ends with a row without name; NULL: it parses itself */
	/* Words after the flags; returns the exit status, or -1 with err. options: as big as the
	 * command says, zeroed. */
	int (*run)(struct cli *cli, void *options, int argc, char **argv, struct err *err);
	size_t options_size;
	void (*init)(void *options); /* before the flags; NULL: zeroed is enough */
	enum store_use use;          /* reads only, if nothing is said */
	bool stateless;              /* opens no store */
	bool hidden;                 /* not for people */
	bool ends_flags_at_word;     /* words after the first one are somebody else's */
};

extern const struct command *const commands[]; /* ends with NULL */

/* flags_parse() of what follows argv[0], its own word; *ret_first is an index of argv. With the help, if that was
 * asked for: returns 1 then. */
int command_flags(const struct command *command, void *to, int argc, char **argv, int *ret_first,
	struct err *err);
/* Flags, store, and what it does: argv[0] is its own word. The exit status, or -1 with err. */
int command_execute(const struct command *command, struct cli *cli, int argc, char **argv,
	struct err *err);

/* Setters. Of a const char *: the keys of detaching, an absolute path. Of nanoseconds: a length of time, a point in
 * it. */
int flag_keys(void *to, const char *what, const char *value, struct err *err);
int flag_absolute(void *to, const char *what, const char *value, struct err *err);
int flag_duration(void *to, const char *what, const char *value, struct err *err);
int flag_time(void *to, const char *what, const char *value, struct err *err);

/* What to use in place of a flag, without dashes, of the same command of docker or podman that we have
 * not; NULL if unknown. */
const char *flag_advice(const char *command, const char *name);
/* The same for commands, those of containerd's ctr among them. */
const char *command_advice(const char *name);
