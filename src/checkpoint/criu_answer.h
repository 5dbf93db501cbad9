/* What CRIU says, read from the bytes of one message. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CRIU_NOTIFY = 6 }; /* a type of its own, beside those of requests */

struct criu_answer {
	unsigned type;
	bool success;
	pid_t pid;      /* of the first process, or 0 */
	char point[64]; /* of a notification */
	int sys;        /* errno, or 0 */
	char why[512];  /* one line, or "" */
};

/* -1 if it is no message. What is not known is passed over. */
int criu_answer_parse(const uint8_t *at, size_t len, struct criu_answer *ret);
