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
/* clang-format off */
#define CREATE_OPTIONS \
	{"bundle", 'b', "VALUE", "directory of the container (.)", FLAG_TEXT(create_options, bundle)}, \
	{"config", 'f', "VALUE", "its description (config.json)", FLAG_TEXT(create_options, config)}, \
	{"pid-file", 0, "VALUE", "where to write the process id", FLAG_TEXT(create_options, pid_file)}, \
	{"console-socket", 0, "VALUE", "socket that takes the terminal", FLAG_TEXT(create_options, console_socket)}, \
	{"pidfd-socket", 0, "VALUE", "socket that takes a pidfd", FLAG_TEXT(create_options, pidfd_socket)}, \
	{"preserve-fds", 0, "VALUE", "so many descriptors, from 3 on, are passed on", FLAG_TEXT(create_options, preserve_fds)}, \
	{"no-pivot", 0, NULL, "for roots in memory, which cannot be pivoted", FLAG_BOOL(create_options, no_pivot)}, \
	{"no-new-keyring", 0, NULL, "keep the session keyring", FLAG_BOOL(create_options, no_new_keyring)}, \
	{"no-subreaper", 0, NULL, "(nothing stays behind to be one)", flag_ignore}
/* clang-format on */

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
