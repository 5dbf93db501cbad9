/* What the caller's terminal has to do with the one that a command is given. */
#pragma once

#include "spec/spec.h"

/* Whether what is typed, if it is to be passed on to a terminal, can come from one. */
int terminal_check(bool tty, bool with_stdin, struct err *err);

/* TERM is what the caller's is: that is the terminal which will show what comes. */
void terminal_name_take(struct spec *spec);
