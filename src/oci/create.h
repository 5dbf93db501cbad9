/* Making a container from a bundle: what create and run have in common. */
#pragma once

#include "checkpoint/checkpoint.h"
#include "oci/command.h"

#include <sys/types.h>

struct create_options {
	const char *bundle, *config, *pid_file, *console_socket, *pidfd_socket, *preserve_fds;
	bool no_pivot, no_new_keyring, detach, keep;
	const struct checkpoint *from; /* what was dumped goes on in it; or NULL */
};

/* Rows for create_options, without the end. */
#define CREATE_OPTIONS                                                                             \
	{"bundle", 'b', OPTION_STRING, offsetof(struct create_options, bundle),                    \
		"directory of the container (.)"},                                                 \
		{"config", 'f', OPTION_STRING, offsetof(struct create_options, config),            \
			"its description (config.json)"},                                          \
		{"pid-file", 0, OPTION_STRING, offsetof(struct create_options, pid_file),          \
			"where to write the process id"},                                          \
		{"console-socket", 0, OPTION_STRING,                                               \
			offsetof(struct create_options, console_socket),                           \
			"socket that takes the terminal"},                                         \
		{"pidfd-socket", 0, OPTION_STRING, offsetof(struct create_options, pidfd_socket),  \
			"socket that takes a pidfd"},                                              \
		{"preserve-fds", 0, OPTION_STRING, offsetof(struct create_options, preserve_fds),  \
			"so many descriptors, from 3 on, are passed on"},                          \
		{"no-pivot", 0, OPTION_BOOL, offsetof(struct create_options, no_pivot),            \
			"for roots in memory, which cannot be pivoted"},                           \
		{"no-new-keyring", 0, OPTION_BOOL,                                                 \
			offsetof(struct create_options, no_new_keyring),                           \
			"keep the session keyring"},                                               \
	{                                                                                          \
		"no-subreaper", 0, OPTION_IGNORED, 0, "(nothing stays behind to be one)"           \
	}

/* Creates it; the process that waits for the start is our child. ret_console: NULL if --console-socket takes
 * the terminal. */
int create_container(struct oci *oci, const struct create_options *o, const char *id,
	struct spec *ret_spec, int *ret_console, struct container *ret, struct err *err);

/* Drops, with a warning, capabilities that the runtime itself does not have. `--privileged` asks for all there are,
 * and by the specification that must not fail. */
void caps_confine_to_host(struct spec *spec);

/* Creates it, starts it unless it was restored, and, unless it is detached, waits for its end: the exit
 * status. */
int run_container(struct oci *oci, const struct create_options *o, const char *id, struct err *err);
/* bundle_start(); with NOTIFY_SOCKET in our environment it returns when the payload is ready, or has ended.
 * The lock is let go of meanwhile. */
int start_notified(struct container *c, struct err *err);

int pid_file_write(const char *path, pid_t pid, struct err *err);
/* A connection to the socket that --console-socket or --pidfd-socket names; -1 and err. */
int socket_connect(const char *what, const char *path, struct err *err);
/* The directory for compiled filters, or -1: then each is compiled anew. */
int cache_open(const struct oci *oci);
