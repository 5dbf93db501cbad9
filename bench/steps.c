/*
 * Runs commands one after the other, as an engine does with its runtime: words up to "+" are one
 * command. Ends with the first that fails.
 *
 *   steps CMD [ARG...] + CMD [ARG...] ...
 */
#include <err.h>
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void run(char **argv)
{
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (errno)
		err(125, "steps: %s", argv[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(125, "steps: %s %s failed", argv[0], argv[1] ? argv[1] : "");
}

int main(int argc, char **argv)
{
	char **first = argv + 1;

	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "+") != 0)
			continue;
		argv[i] = NULL;
		if (*first)
			run(first);
		first = argv + i + 1;
	}
	return 0;
}
