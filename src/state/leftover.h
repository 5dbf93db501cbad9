/*
 * Directories of ours that have no name of their own: not yet, as they are being made, or no longer, as they are being
 * removed. Whoever is at one has it locked where that takes long; gc removes those that nobody has.
 */
#pragma once

#define LEFTOVER_NEW ".new."
#define LEFTOVER_OLD ".old."
enum { LEFTOVER_SIZE = 32 };

/* A name that nothing else has, with one of these in front. */
void leftover_name(const char *prefix, char ret[LEFTOVER_SIZE]);

/* Takes a name away before anything of what bears it goes: ret is what it is called then. -1 with errno. */
int leftover_take_out(int dirfd, const char *name, char ret[LEFTOVER_SIZE]);
