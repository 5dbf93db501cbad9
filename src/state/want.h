/*
 * What somebody wants of a container that is started again by itself: that it runs, that it is stopped, or that it
 * rests for as long as the machine is down. A file in its data directory, which also outlasts the machine; in place
 * from the first start on, so that the wish finds room on a full disk.
 */
#pragma once

#include "state/container.h"

#include <stdbool.h>

#define WANT_FILE "want"

/* Before a start. */
int want_running(int data_fd, struct err *err);

/* Before the signal. Of one that is not started again by itself: nothing is done. Where it cannot be written, the file
 * goes, which says so until the next boot. */
typedef int want_down(const struct store *store, const char *name, struct err *err);
want_down want_stopped;
want_down want_resting;

/* Whether it is started again by itself, as far as anybody has to mind: its policy is in config.json. */
bool want_exists(const struct store *store, const char *name);
/* The same where a wrong "no" would be a restart that is missed: 1, 0 or -1. */
int want_look(const struct store *store, const char *name, struct err *err);
/* For a container that runs and has a policy from now on: the file is there afterwards, whatever it says, or
 * -1. */
int want_begin(int data_fd, struct err *err);
/* For a container that has no policy any more. */
void want_end(int data_fd);

/* Whether it says so for sure: who starts it again by himself needs that. */
int want_runs(int data_fd, struct err *err); /* 1, 0 or -1 */
bool want_stays_running(const struct store *store, const char *name);

enum want { WANT_RUNNING, WANT_STOPPED, WANT_RESTING };
/* 0, or -1 with errno. A crash of the machine may have taken what was written: that is no wish to stop. */
int want_read(int data_fd, enum want *ret);
