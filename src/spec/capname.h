/* Capabilities as names and as masks in which bit n is capability n. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { CAP_TEXT_SIZE = 12, CAPS_TEXT_SIZE = 2048 };
/* "ALL": every capability that the kernel has. */
#define CAPS_ALL UINT64_MAX

/* What a container has unless asked otherwise. */
uint64_t caps_default(void);
/* "CAP_KILL", "kill": of one capability; -1 if it is none's name. */
int cap_number(const char *name, size_t len);
/* One name or a list with commas: "CAP_NET_RAW", "net_raw,kill", "all" (CAPS_ALL). */
int caps_parse(const char *what, const char *s, uint64_t *ret_mask, struct err *err);
/* --cap-add and --cap-drop in docker's order: ALL first, then what is dropped, then what is added;
 * next to an added ALL only the drops count. last_cap is the kernel's (cap_last_cap of procfs);
 * adding by name what it has not is refused. */
int caps_apply(uint64_t base, uint64_t add, uint64_t drop, unsigned last_cap, uint64_t *ret_mask,
	struct err *err);
/* "CAP_KILL"; in buf, a number for one that is newer than this. */
const char *cap_name(unsigned cap, char buf[CAP_TEXT_SIZE]);
/* "CAP_KILL,CAP_NET_RAW", lowest first, "" for none. Returns buf. */
char *caps_format(uint64_t mask, char buf[CAPS_TEXT_SIZE]);
