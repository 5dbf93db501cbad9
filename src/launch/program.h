/* Keeps our own programs from containers that could write to them (CVE-2019-5736). */
#pragma once

#include "base/program.h"
#include "spec/spec.h"

/* The program NAME that belongs to us: beside the running one, or in CTR_LIBEXEC. An O_PATH
 * descriptor of it on a read-only mount, which nobody can open for writing through /proc/PID/exe
 * (CVE-2019-5736). */
int program_open(const char *name, struct err *err);

/* Whether somebody in the container may be the owner of the running program: without a user namespace
 * of its own, or with one that has that id too. */
bool program_in_reach(const struct spec *spec);

/* For those: goes on in a copy of ourselves on a read-only mount, or, for who may not mount, in a sealed
 * memory file, so that a payload that gets hold of /proc/PID/exe cannot overwrite the program
 * (CVE-2019-5736). What is executed in the container may turn out to be a script with that as its
 * interpreter, whatever it was when it was looked at. Returns at once in the copy. */
int program_protect(char *const *argv, struct err *err);
