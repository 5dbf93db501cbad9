/* Flags of a command line, by tables: the same rows feed parsing, --help, the completion and the check of the
 * man pages. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct flag {
	const char *name;  /* without "--"; NULL ends a table */
	char letter;       /* 0: none */
	const char *value; /* how the value is called in the help; NULL: the flag takes none */
	const char *help;
	/* to: of the struct that is filled, what is at `at`. what: "--name", for messages. value: "true" or
	 * "false" for a flag without value. */
	int (*set)(void *to, const char *what, const char *value, struct err *err);
	size_t at;
};

enum flags_how {
	FLAGS_END_AT_WORD = 1, /* words after the first one are somebody else's */
	/* As engines write them: "-name" is "--name", so that letters stand alone; "~" means nothing. */
	FLAGS_OF_ENGINE = 2,
};

struct flags {
	const struct flag *table; /* NULL: there are none */
	unsigned how;
	const char *of; /* whose they are, "ctr run", for hints */
	/* Says of "--name" or "-n" that there is no such flag. Returns -1. */
	int (*unknown)(const struct flags *flags, const char *word, struct err *err);
};

/* Sets flags from argv, whose first word is at argv[0], and moves them in front of the other words; *ret_first
 * is the index of the first of those. "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE", "-n=VALUE", letters
 * without value together; "--" ends them, "-" is a word. Names are whole. Returns 1 at --help, and at -h if that is
 * no other flag's. */
int flags_parse(const struct flags *flags, void *to, int argc, char **argv, int *ret_first,
	struct err *err);
/* Lines of a help text, a flag each. */
void flags_help(const struct flag *table);

/* Hints, after err_set(): at advice, or, with NULL, at the flag that word may have meant, or at the help. Returns -1. */
int flags_hint(const struct flags *flags, const char *word, const char *advice, struct err *err);

/* Setters. */
int flag_bool(void *to, const char *what, const char *value, struct err *err);   /* bool */
int flag_text(void *to, const char *what, const char *value, struct err *err);   /* const char * */
int flag_ignore(void *to, const char *what, const char *value, struct err *err); /* nothing */

/* The end of a row: a member m of struct s, of just that type. */
#define FLAG_OF(s, m, type) (offsetof(struct s, m) + 0 * sizeof(&((struct s *)0)->m == (type *)0))
#define FLAG_BOOL(s, m)     flag_bool, FLAG_OF(s, m, bool)
#define FLAG_TEXT(s, m)     flag_text, FLAG_OF(s, m, const char *)
