/*
 * One failure: what was tried, on which object, why, and what to do about it.
 * Lives on the caller's stack, holds no pointers, so that the child of a clone
 * can send it through a pipe. Filled once, wrapped on the way up, printed in main.
 */
#pragma once

#include <stdbool.h>

enum err_status {
	ERR_STATUS_OURS = 125,           /* ctr itself failed */
	ERR_STATUS_NOT_EXECUTABLE = 126, /* the command was found, but cannot run */
	ERR_STATUS_NOT_FOUND = 127,      /* the command was not found */
};

struct err {
	int sys;    /* the errno behind it, 0 if none */
	int status; /* exit status of the program, 0 stands for ERR_STATUS_OURS */
	char text[768];
	char hint[256]; /* empty if no cure is known */
};

#define ERR_FORMAT(f, a) __attribute__((format(printf, f, a), cold))

/* Each returns -1, so that a function can end with `return err_set(…)`. err may not be NULL. Text and
 * hint are one line of UTF-8 that no terminal acts on, whatever is quoted in them: the rest is '?'. */
int err_set(struct err *err, const char *fmt, ...) ERR_FORMAT(2, 3);
/* Appends ": " and the text of errno, and keeps errno in err->sys. */
int err_sys(struct err *err, const char *fmt, ...) ERR_FORMAT(2, 3);
/* Puts "…: " in front of what is already there. */
int err_wrap(struct err *err, const char *fmt, ...) ERR_FORMAT(2, 3);
/* "WHAT: 'VALUE' REASON" for a value that somebody wrote, cut where it would hide the reason;
 * an option's name or a file's is what. */
int err_value(struct err *err, const char *what, const char *value, const char *fmt, ...)
	ERR_FORMAT(4, 5);
int err_hint(struct err *err, const char *fmt, ...) ERR_FORMAT(2, 3);
int err_status(struct err *err, int status);
/* Adds a hint that says CURE if the failure was a lack of rights that root has, and there is no hint yet. */
void err_hint_rights(struct err *err, const char *cure);

/* "ctr: TEXT" and, where there is one, "hint: HINT", on standard error. Returns the exit status. */
int err_print(const struct err *err, const char *program);
/* One line of warning: something went on, but not as asked. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));
/* Sets who gets warnings from now on, instead of standard error. */
void warn_to(void (*f)(const char *text));
