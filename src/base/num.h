/* Numbers as people and files write them: strict, no sign, no blank, no wrap-around. */
#pragma once

#include "base/err.h"

#include <stdint.h>

/* Decimal digits only. 0, or -1 (err_sys not set: the caller names the object). */
int num_parse_u64(const char *s, uint64_t *ret);
int num_parse_u32(const char *s, uint32_t *ret);
int num_parse_i64(const char *s, int64_t *ret); /* one leading '-' allowed */
/* Octal digits only, at most max: the mode of a file, a umask. */
int num_parse_octal(const char *s, uint32_t max, uint32_t *ret);

/* Bytes: digits, optional fraction, then b, k, m, g, t or p, optionally with "b" or "ib", any case;
 * all are powers of 1024, as docker and podman read them. what names the option in the error. */
int size_parse(const char *what, const char *s, uint64_t *ret_bytes, struct err *err);
/* "512.0M" and the like, for people. Returns buf. */
char *size_format(uint64_t bytes, char buf[16]);

/* Nanoseconds: a plain number is seconds; else a sequence, largest unit first, such as 1h30m, 1.5s,
 * 100ms, 20us, 5ns. */
int duration_parse(const char *what, const char *s, uint64_t *ret_ns, struct err *err);
/* The same, or -1 for as long as it takes. */
#define DURATION_FOREVER ((uint64_t)INT64_MAX)
int patience_parse(const char *what, const char *s, uint64_t *ret_ns, struct err *err);

/* CPUs as a decimal fraction ("1.5", ".5") in millionths: 0 (for no limit), or 10000 and more, the
 * least that the kernel's shortest quota can express. What is finer than a millionth is cut off. */
int cpus_parse(const char *what, const char *s, uint64_t *ret_millionths, struct err *err);

/* Bits a second: digits, optional fraction, then bit, kbit, mbit or gbit, any case, powers of 1000; 8kbit at least. */
int bitrate_parse(const char *what, const char *s, uint64_t *ret_bits, struct err *err);
