/* Names of images: [HOST[:PORT]/]PATH[:TAG][@sha256:HEX], by docker's grammar. Pure. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum {
	REFERENCE_MAX = 240, /* bytes of NAME:TAG, so that it fits in a file name */
	DIGEST_HEX = 64,
};

struct reference {
	char name[REFERENCE_MAX + 1];
	char tag[129];               /* "latest" if none was given, "" beside a digest alone */
	char digest[DIGEST_HEX + 1]; /* hex digits, "" if none was given */
};

/* Refuses everything that docker would refuse, with the offending part named. */
int reference_parse(const char *s, struct reference *ret, struct err *err);

/* Whether the name begins with a registry's host, by docker's rule for telling one. */
bool reference_has_host(const struct reference *ref);

/* "NAME:TAG" into buf; returns buf. */
char *reference_text(const struct reference *ref, char buf[REFERENCE_MAX + 2]);

/* The file below refs/ that stands for NAME:TAG; no two names share one. Returns buf. */
char *reference_file(const struct reference *ref, char buf[256]);

/* Points at the hex digits of "sha256:HEX", or NULL if s is anything else. */
const char *digest_hex(const char *s);
/* Whether s is exactly 64 lower-case hex digits. */
bool digest_hex_valid(const char *s);
