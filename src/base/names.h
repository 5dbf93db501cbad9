/*
 * The names in a directory in which others rename. readdir(3) promises nothing of what is renamed while it reads: it may
 * give neither the old name nor the new one.
 */
#pragma once

#include "base/err.h"

/* Calls f for each name but "." and "..", and again for what has got its name meanwhile: what is there all the time is
 * met under the name that it has in the end, perhaps under an earlier one too. Ends with the first value of f that is
 * not 0, and returns it. */
int names_each(int dirfd, const char *what, int (*f)(const char *name, void *arg, struct err *err),
	void *arg, struct err *err);
