#include "cli/terminal.h"

#include "spec/environment.h"

#include <stdlib.h>
#include <unistd.h>

int terminal_check(bool tty, bool with_stdin, struct err *err)
{
	if (!tty || !with_stdin || isatty(STDIN_FILENO))
		return 0;
	err_set(err, "--tty with --interactive needs a terminal on standard input");
	return err_hint(err, "leave out -t to pipe into the container");
}

void terminal_name_take(struct spec *spec)
{
	const char *name = getenv("TERM");

	if (name && name[0])
		env_set(spec, arena_printf(&spec->arena, "TERM=%s", name));
	else if (!env_get(spec, "TERM"))
		env_set(spec, "TERM=xterm");
}
