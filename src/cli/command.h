/* What a command of ctr is: a row of the table in main.c, and the flags it takes. The same rows feed
 * parsing, --help, the completion and the check of the man pages. */
#pragma once

#include "base/err.h"
#include "state/store.h"

#include <stdbool.h>
#include <stddef.h>

struct flag {
	const char *name;  /* without "--" */
	char letter;       /* 0: none */
	const char *value; /* how the value is called in the help; NULL: the flag takes none */
	const char *help;
	/* what is "--name" for messages; value "true" or "false" for a flag without value. */
	int (*set)(void *to, const char *what, const char *value, struct err *err);
};

struct cli {
	const char *root, *state; /* --root, --state, or NULL */
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

/* Sets flags from argv[1…]; *ret_first is the index of the first word that is no flag. A flag that
 * does not exist is refused, with what to use instead where other tools have it. Returns 1 if the
 * help was asked for and printed. */
int flags_parse(const struct command *command, void *to, int argc, char **argv, int *ret_first,
	struct err *err);

/* Flags, store, and what it does: argv[0] is its own word. The exit status, or -1 with err. */
int command_execute(const struct command *command, struct cli *cli, int argc, char **argv,
	struct err *err);

void command_help(const struct command *command);

/* Setters for plain fields; `to` is the field's struct, so each command wraps them. */
int flag_bool(const char *what, const char *value, bool *ret, struct err *err);

/* What to use in place of a flag, without dashes, of the same command of docker or podman that we have
 * not; NULL if unknown. */
const char *flag_advice(const char *command, const char *name);
/* The same for commands, those of containerd's ctr among them. */
const char *command_advice(const char *name);
