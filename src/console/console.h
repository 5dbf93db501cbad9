/* The terminal of the person in front of us: raw while a container has it, as it was afterwards. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

struct console {
	int fd; /* -1: nothing to restore */
	struct termios saved;
};

/* Makes the terminal behind fd raw. Until console_restore, a signal that would end the program by
 * default restores the terminal first (not SIGKILL). One console at a time in a program. */
int console_raw(struct console *c, int fd, struct err *err);
/* Called instead where nothing is typed into the container: only output is passed on unchanged, without a second
 * carriage return in front of a newline; ^C and ^Z work as ever. While another job has the terminal, the terminal
 * stays as it is. */
void console_pass_output(struct console *c, int fd);
/* Can be called twice, and for CONSOLE_NONE. */
void console_restore(struct console *c);
#define CONSOLE_NONE ((struct console){.fd = -1})

struct console_size {
	uint16_t rows, columns;
};
/* -1 with errno if fd is not a terminal. */
int console_size(int fd, struct console_size *ret);

enum { DETACH_KEYS_MAX = 8 };

/* The keys that detach, and how many of them were typed in a row. */
struct detach_keys {
	uint8_t key[DETACH_KEYS_MAX];
	uint8_t count;
	uint8_t matched;
};

/* A list of single characters and "ctrl-X" (X: a letter or one of @ [ \ ] ^ _), as docker and podman
 * write it; "" is none. The default is ctrl-p,ctrl-q. */
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *err);

/* Takes typed bytes; puts into out (at least len + DETACH_KEYS_MAX bytes) those to be passed on, a
 * sequence that was begun and broken included. True when the sequence is complete: what
 * was typed after it is dropped. */
bool detach_keys_filter(struct detach_keys *k, const uint8_t *data, size_t len, uint8_t *out,
	size_t *ret_len);
