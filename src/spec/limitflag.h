/*
 * Limits as flags: each function takes one value of the option that what names ("--memory"), later
 * values win, and limits_check() settles, after the last of them, what depends on more than one.
 */
#pragma once

#include "spec/spec.h"

#include <stddef.h>

/* Bytes; with less no payload gets as far as its first line. docker's -m 512 (bytes) is a slip. */
enum { LIMIT_MEMORY_MIN = 4 << 20 };

/* Refuses a --memory with which no start can succeed. value: as it was given, for the message. */
int limit_memory_check(const char *what, const char *value, uint64_t bytes, struct err *err);

/* Sizes; 0 stands for no limit. */
int limit_memory(struct spec *spec, const char *what, const char *value, struct err *err);
int limit_memory_low(struct spec *spec, const char *what, const char *value, struct err *err);
int limit_memory_high(struct spec *spec, const char *what, const char *value, struct err *err);
/* Memory and swap together, as docker counts; "-1" for any amount of swap. */
int limit_memory_swap(struct spec *spec, const char *what, const char *value, struct err *err);

int limit_cpus(struct spec *spec, const char *what, const char *value, struct err *err);
/* Microseconds: period 1000…1000000; quota from 1000, 0 or -1 for none. */
int limit_cpu_period(struct spec *spec, const char *what, const char *value, struct err *err);
int limit_cpu_quota(struct spec *spec, const char *what, const char *value, struct err *err);
/* cgroup v2: 1…10000, 100 is everyone's default. */
int limit_cpu_weight(struct spec *spec, const char *what, const char *value, struct err *err);
/* cgroup v1 and docker: 2…262144, 1024 is the default; 0 stands for that. */
int limit_cpu_shares(struct spec *spec, const char *what, const char *value, struct err *err);
/* The curve of the OCI runtimes since 2025, through 2:1, 1024:100 and 262144:10000. */
uint64_t cpu_weight_from_shares(uint64_t shares);
/* Lists such as "0-3,5". */
int limit_cpuset_cpus(struct spec *spec, const char *what, const char *value, struct err *err);
int limit_cpuset_mems(struct spec *spec, const char *what, const char *value, struct err *err);

/* 0 and -1 for no limit. */
int limit_pids(struct spec *spec, const char *what, const char *value, struct err *err);

/* cgroup v2: 1…10000. */
int limit_io_weight(struct spec *spec, const char *what, const char *value, struct err *err);
/* Finds the numbers of the block device at a path of the host. */
typedef int device_resolve_fn(const char *path, uint32_t *ret_major, uint32_t *ret_minor,
	struct err *err);
/* "DEV:rbps=10m,wbps=…,riops=…,wiops=…", DEV is MAJ:MIN or a path; several for one device add up; "max" is no limit.
 * Without resolve a path is refused. */
int limit_io_max(struct spec *spec, const char *what, const char *value, device_resolve_fn *resolve,
	struct err *err);
/* "DEV:RATE" of docker's --device-read-bps and its kind; key is "rbps", "wbps", "riops", "wiops". */
int limit_io_rate(struct spec *spec, const char *what, const char *value, const char *key,
	device_resolve_fn *resolve, struct err *err);

/* "FILE=VALUE" for any limit in the container's cgroup; files that run the cgroup itself are
 * refused. */
int limit_cgroup_conf(struct spec *spec, const char *what, const char *value, struct err *err);

/* "NAME=SOFT[:HARD]"; -1 or "unlimited" for no limit. */
int limit_ulimit(struct spec *spec, const char *what, const char *value, struct err *err);
/* "nofile" or "RLIMIT_NOFILE", any case: RLIMIT_NOFILE, or -1. */
int rlimit_number(const char *name);

int limit_oom_score_adj(struct spec *spec, const char *what, const char *value, struct err *err);
int limit_umask(struct spec *spec, const char *what, const char *value, struct err *err);

/* Once, after the last flag: refuses contradictions, makes quota and period of --cpus, takes memory
 * off --memory-swap; without --memory-swap, as much swap as memory. */
int limits_check(struct limits *limits, struct err *err);
