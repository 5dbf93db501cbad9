/* The programs that belong together, by path. */
#pragma once

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* In the environment of a copy of ours that runs from a mount without a path: where it came from. */
#define PROGRAM_ORIGIN "CTR_ORIGIN"

/* To be called first in main(), so that containers do not depend on how the program was started. The umask and
 * the signals that a shell, an engine or a service manager has set are reset, but SIGPIPE is ignored. A closed
 * standard stream becomes /dev/null, so that no file that is opened later takes its number. A closed output then
 * accepts what is written, or refuses it as before. */
enum program_closed { CLOSED_TAKES, CLOSED_REFUSES };
void program_inherit_nothing(enum program_closed closed);
/* Only the mask; and the one that was found, for files that are the user's. */
void program_set_umask(void);
mode_t program_users_umask(void);
/* Whether fd, an output, is one of those that refuse. */
bool program_output_is_closed(int fd);

/* Arguments as main() has them, in memory of ours. What others see of them in /proc/PID/cmdline is taken from there
 * by the second, but for the name: for a process of ours that comes to be where it is looked at. */
char **program_own_arguments(int argc, char **argv);
void program_hide_arguments(void);

/* A signal that was ignored when we were started, as nohup(1) and shells do to what they put in the background,
 * stays ignored: false for one. The other makes a set of those of sigs that are not. */
bool program_heeds_signal(int sig);
void program_heeded_signals(const int *sigs, size_t n, sigset_t *ret);

/* Called after a failure: if the reason is that nobody reads our output any more, ends us in silence, by SIGPIPE,
 * as any other program in front of head(1). */
void program_end_unread(const struct err *err);

/* The first is called by whoever takes a signal for somebody else. The second ends us by SIGINT, if that was taken
 * and the status says that it ended the command: only then does a shell end the loop that we run in. */
void program_took_signal(int sig);
void program_end_interrupted(int status);

/* Every signal does what it does by default and none is blocked: for a child, before it executes a program
 * that is not ours. */
void program_reset_signals(void);

/* The path of the running program. 0, or -1 with errno. */
int program_self(char *ret, size_t size);

/* The path of the program NAME: beside the running one, or in CTR_LIBEXEC. */
int program_path(const char *name, char *ret, size_t size, struct err *err);
