/* What is done to each container that a command is given. */
#pragma once

#include "cli/choice.h"
#include "cli/command.h"
#include "state/want.h"

#include <stdint.h>

typedef int each_fn(struct cli *cli, const char *name, void *options, struct err *err);

enum each_flags {
	EACH_SIDE = 1, /* in a process for each: what takes long for one takes no longer for all */
	EACH_IGNORE = 2, /* one that is not there is no failure */
	EACH_AGAIN = 8,  /* done twice is as done once */
	EACH_GONE = 16,  /* is told of one that is not there, by the word that was given */
	EACH_SILENT = 4, /* does not print the words as they were given */
};

/* Of containers that a filter has chosen, some may be gone when their turn comes: no error. */
static inline enum each_flags each_flags_of(const struct choice *c)
{
	return c->ignore || c->all || c->filters.count ? EACH_IGNORE : 0;
}

/* One after the other, and one that is named twice once. One that fails is reported, and the others get their turn. The exit status, or -1. */
int each_run(struct cli *cli, const char *verb, enum each_flags flags, int argc, char **argv,
	void *options, each_fn *f, struct err *err);
int for_each(struct cli *cli, const char *verb, int argc, char **argv, void *options, each_fn *f,
	struct err *err);

/* f for each word, or for those that were chosen and are in one of these states; of one that was named, f tells
 * whether it can be. options begin with the choice. */
int for_chosen(struct cli *cli, const char *verb, unsigned states, enum each_flags flags, int argc,
	char **argv, void *options, each_fn *f, struct err *err);

/* The flags of stop and restart. */
struct stop_flags {
	struct choice choice; /* first */
	uint64_t timeout_ns;
	bool timeout_given;
	int sig;             /* 0: the container's own */
	uint64_t at_most_ns; /* of a time that is its own; 0: any */
	want_down *want;     /* what is written of it; NULL: that it is to stay stopped */
};
int stop_set_time(void *to, const char *what, const char *value, struct err *err);
int stop_set_signal(void *to, const char *what, const char *value, struct err *err);
/* Stops it, if it runs. options: struct stop_flags. */
each_fn stop_one;

/* Warns of a signal that foreground_shrugs_off(), as nobody would know what is waited for; then: the rest of the
 * sentence. */
void tell_shrugged_off(const struct container *c, int sig, const char *then);
