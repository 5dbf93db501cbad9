#include "cli/confirm.h"

#include <stdio.h>
#include <unistd.h>

int confirm(const char *question, const char *would, const char *hint, struct err *err)
{
	int answer, rest;

	if (!isatty(STDIN_FILENO)) {
		err_set(err, "%s", would);
		return err_hint(err, "%s", hint);
	}
	fprintf(stderr, "%s [y/N] ", question);
	answer = rest = getchar();
	while (rest != EOF && rest != '\n')
		rest = getchar();
	return answer == 'y' || answer == 'Y' ? 0 : err_set(err, "nothing was removed");
}
