/* What exec runs: a process.json, or a command in place of the container's own, and the options beside it. */
#pragma once

#include "oci/command.h"
#include "spec/spec.h"

struct exec_options {
	const char *process, *pid_file, *console_socket, *pidfd_socket, *preserve_fds;
	const char *user, *cwd, *cgroup, *apparmor, *label;
	struct option_list env, caps, gids;
	enum choice tty, no_new_privs;
	bool detach, ignore_paused;
};

/* Puts it in place of the process of the container: spec->process. args: the command, empty with
 * --process. Options count with either. */
int process_make(const struct exec_options *o, char **args, struct spec *spec, struct err *err);
