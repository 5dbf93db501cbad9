#include "check/probe.h"

#include "base/fd.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "ctr-nftables"

enum { OUTPUT_SIZE = 4096 };

/* Its output and its errors. Returns its status as waitpid(2) tells it, or -1. */
static int run_check(char output[OUTPUT_SIZE], struct err *err)
{
	char path[4096];
	char *argv[] = {PROGRAM, "check", NULL};
	posix_spawn_file_actions_t actions;
	int out[2], rc, status = 0;
	ssize_t n = 0;
	pid_t pid;

	if (program_path(PROGRAM, path, sizeof(path), err) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
	rc = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	if (rc == 0) {
		n = fd_read_all(out[0], output, OUTPUT_SIZE - 1);
		waitpid(pid, &status, 0);
	}
	close(out[0]);
	errno = rc;
	if (rc)
		return err_sys(err, "run %s", path);
	output[n > 0 ? n : 0] = '\0';
	return status;
}

/* "ctr-nftables: TEXT", and perhaps "hint: TEXT". */
static void say_failure(struct probes *p, char *output)
{
	const char *text = strsep(&output, "\n"), *hint = output ? strsep(&output, "\n") : NULL;

	if (strncmp(text, PROGRAM ": ", strlen(PROGRAM ": ")) == 0)
		text += strlen(PROGRAM ": ");
	probe_say(p, "networks", PROBE_LIMITED, "%s", text);
	if (hint && strncmp(hint, "hint: ", strlen("hint: ")) == 0)
		probe_cure(p, "%s", hint + strlen("hint: "));
}

/* Lines of a rule that drops us, and, behind a tab, what lets us through. */
static void say_rules(struct probes *p, char *output)
{
	char *line;

	probe_say(p, "networks", PROBE_OK, "devices, routes and the table of nf_tables");
	if (!*output)
		probe_say(p, "firewall", PROBE_OK,
			"no rule of this host drops what containers send");
	while ((line = strsep(&output, "\n")) && *line) {
		const char *what = strsep(&line, "\t");

		probe_say(p, "firewall", PROBE_LIMITED, "%s", what);
		probe_cure(p, "%s", line ? line : "");
	}
}

void probe_net(struct probes *p)
{
	char output[OUTPUT_SIZE];
	struct err err = {0};
	int status = run_check(output, &err);

	if (status < 0)
		probe_told(p, "networks", PROBE_LIMITED, -1, &err, "%s", "");
	else if (status)
		say_failure(p, output);
	else
		say_rules(p, output);
}
