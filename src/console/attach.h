/*
 * The socket between the supervisor of a container and those attached to it, and the client's end
 * of it. SOCK_SEQPACKET in the container's state directory, mode 0600; each message is one byte of
 * kind and at most ATTACH_DATA_MAX bytes:
 *
 *   to the supervisor    'i' input   'c' input ends   'w' rows, columns (16 bits each, little endian)
 *                        'p' patience in seconds (16 bits)
 *   to the client        'o' standard output or terminal   'e' standard error   'b' what was before
 *                        'x' exit status (8 bits); the last message   'r' refused: why, as text
 *
 * The supervisor replays the last ATTACH_REPLAY bytes of a terminal to whoever attaches; of pipes,
 * nothing (the log has it). Who connects before the container starts misses nothing.
 * A client that does not read first holds the output back, and is let go of when it has taken nothing for
 * ATTACH_PATIENCE_*_MS, or for as long as it has asked for. The end of a container does not wait for it: a
 * client takes what there is then, however slow its own reader is.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTACH_SOCKET "attach.sock"

enum {
	ATTACH_DATA_MAX = 8192,
	ATTACH_MESSAGE_MAX = 1 + ATTACH_DATA_MAX,
	ATTACH_CLIENTS_MAX = 8,
	ATTACH_BACKLOG_BYTES = 65536, /* what may wait in the socket of one client */
	ATTACH_REPLAY = 8192,
	ATTACH_PATIENCE_PIPE_MS = 1000,
	ATTACH_PATIENCE_TTY_MS = 10000, /* a person's link may stall */
	ATTACH_PATIENCE_ENDLESS = UINT16_MAX,
};

enum attach_kind {
	ATTACH_INPUT = 'i',
	ATTACH_INPUT_END = 'c',
	ATTACH_WINDOW = 'w',
	ATTACH_PATIENCE = 'p',
	ATTACH_OUT = 'o',
	ATTACH_ERR = 'e',
	ATTACH_BEFORE = 'b',
	ATTACH_EXIT = 'x',
	ATTACH_REFUSED = 'r',
};

struct detach_keys;

struct attach_options {
	bool tty; /* the container has a terminal: ours becomes raw, and its size is passed on */
	const struct detach_keys *detach_keys; /* NULL: none. Heeded with tty on a terminal only */
	int stdin_fd;                          /* -1: no input, and no end of input either */
	int stdout_fd;
	int stderr_fd;
	/* One of FOREGROUND_SIGNALS.
	 * Returns 0 if it was passed on; otherwise, or where this is NULL, the client lets go. */
	int (*forward)(void *arg, int sig);
	void *forward_arg;
	uint16_t
		patience_s; /* how long the container waits for our readers; 0: what attach.h has */
	uint64_t until_ns;  /* CLOCK_MONOTONIC; until then our reader is waited for; 0: for ever */
	int end_fd; /* a pidfd of the container, or -1 if it has ended or that is not known */
	/* The payload belongs to our terminal: if that goes away, or nobody reads its output any more, the
	 * payload gets SIGHUP, and a moment to end. */
	bool ours;
};

enum attach_how {
	ATTACH_EXITED,   /* the container ended; the status is its own */
	ATTACH_DETACHED, /* the person at the terminal left */
	ATTACH_LOST,     /* the supervisor is gone or dropped us */
	ATTACH_SIGNALLED, /* a signal ended us: SIGHUP if the terminal went away, SIGPIPE if our reader did;
	                     the status is 128 + its number */
};

/* A listening socket at NAME below dirfd (a directory of ours), replacing a left-over one. */
int attach_listen(int dirfd, const char *name, struct err *err);
/* A connected one. err->sys is ENOENT or ECONNREFUSED if there is no supervisor. */
int attach_connect(int dirfd, const char *name, struct err *err);

/* Serves the terminal until the container ends, the person detaches, or the supervisor goes. The
 * terminal is as it was on every return, and after a fatal signal. What the container prints is passed on
 * unchanged. Only a terminal whose answers would not reach the container, because nothing is typed there or the
 * text is from before, does not get what a terminal answers. Signals that were ignored when we were started still
 * are. *ret_status is written with ATTACH_EXITED and ATTACH_SIGNALLED only. -1 if the supervisor refused, or this
 * side failed. */
int attach_run(int sock, const struct attach_options *options, int *ret_status,
	enum attach_how *ret_how, struct err *err);
