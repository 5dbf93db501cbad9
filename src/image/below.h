/*
 * What the layers below show at a path, by overlayfs' rules, before there is an overlay: for a layer on its
 * way in, whose tar leaves out the directories that they have, or hides what they do not have.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct below {
	int *layers; /* lowest first; ours */
	size_t count;
	uint64_t steps; /* taken so far */
	/* The directory looked into last: its path, and what each layer that takes part has there, topmost
	 * first. */
	char *path;
	int *dirs;
	size_t dir_count;
};

/* Takes the next layer up, a directory; -1 if there is none (layer is -1, err is filled). */
int below_add(struct below *b, int layer, struct err *err);
void below_close(struct below *b);

/* Looks for base in the directory at parent ("" is the top). 1 with its attributes, 0 if nothing is shown
 * there, -1 with err: also where the layers are too many and too deep for the number of questions asked. */
int below_find(struct below *b, const char *parent, const char *base, struct stat *ret,
	struct err *err);
/* To be called for each step of a walk through a tree: -1 if there were too many, or we are interrupted. */
int below_step(struct below *b, struct err *err);
/* The top itself; 0 if there is no layer. */
int below_top(const struct below *b, struct stat *ret, struct err *err);

bool below_is_whiteout(const struct stat *st);
/* -1 with errno. */
int below_is_opaque(int dir);
