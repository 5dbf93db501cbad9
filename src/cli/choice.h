/* The containers that a command is for, other than by name: --all, --filter, --cidfile, --ignore. */
#pragma once

#include "cli/command.h"
#include "cli/filter.h"

enum { CIDFILES_MAX = 64 };

/* First among the options of a command: its setters are given those. */
struct choice {
	bool all;
	bool ignore; /* what is not there is no failure */
	struct filters filters;
	const char *cidfiles[CIDFILES_MAX];
	size_t cidfile_count;
};

/* Whether containers are chosen by a flag, so that no names are needed. */
static inline bool choice_is_made(const struct choice *c)
{
	return c->all || c->filters.count || c->cidfile_count;
}

int choice_set_cidfile(void *to, const char *what, const char *value, struct err *err);

#define CHOICE_ALL(help)                                                                           \
	{                                                                                          \
		"all", 'a', NULL, help, FLAG_BOOL(choice, all)                                     \
	}
#define CHOICE_CIDFILE                                                                             \
	{                                                                                          \
		"cidfile", 0, "FILE", "the one whose id is in there", choice_set_cidfile           \
	}
#define CHOICE_IGNORE                                                                              \
	{                                                                                          \
		"ignore", 'i', NULL, "one that is not there is no failure",                        \
			FLAG_BOOL(choice, ignore)                                                  \
	}
/* letter: 'f' where that is free. */
#define CHOICE_FILTER(letter)                                                                      \
	{                                                                                          \
		"filter", letter, "KEY=VALUE", "those for which ctr ps --filter holds",            \
			filters_flag, FLAG_OF(choice, filters, struct filters)                     \
	}

/* What a command can be for: bits of enum container_status. */
#define CHOICE_OF(status) (1U << (status))
#define CHOICE_ANY        (~0U)

/* The words as they were given, or the ids and names of what was chosen and is in one of these states; in the arena.
 * 0; 1 if some could not be looked at, which has been told; -1. */
int choice_words(struct cli *cli, struct choice *c, unsigned states, struct arena *a, int *argc,
	char ***argv, struct err *err);
