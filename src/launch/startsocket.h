/*
 * Where the process of a container that an engine has created waits for its start: a listening
 * socket in the state directory. That it is there says "created"; who starts the container connects,
 * takes the name away, says so, and hears through the connection what becomes of the exec.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

#define START_SOCKET "start.sock"

/* Called by the parent, before the clone. */
int start_socket_listen(int state_fd, struct err *err);

/* In the child: reports that all is ready, lets go of every descriptor that is not needed any more,
 * and waits; SIGTERM and its kind end it meanwhile. *report_fd is who started it afterwards.
 * Allocates nothing. */
int start_socket_wait(int *start_fd, int *report_fd, struct err *err);

/* Whether the container still waits for its start. */
bool start_socket_is_there(int state_fd);

/* Lets the process through and waits until the payload is executed, or says why not. */
int start_socket_connect(int state_fd, struct err *err);
