/* What the terminal of a container takes over from the caller's. */
#pragma once

#include "spec/spec.h"

/* Refuses to pass input on to a terminal from something that is no terminal. */
int terminal_check(bool tty, bool with_stdin, struct err *err);

/* Sets TERM to the caller's, as the caller's terminal shows the output. */
void terminal_name_take(struct spec *spec);
