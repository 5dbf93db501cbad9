/* User and group ids of a user namespace, user_namespaces(7). */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Private ranges: range n is the 65,536 ids from IDMAP_FIRST + n * 65536. They lie above what
 * /etc/subuid hands out by default (up to 600,100,000) and what systemd-nspawn takes (up to
 * 0x6fffffff), and below 2^31, where some kernel interfaces take ids for negative numbers. No container gets
 * the range behind the last: see ns/owner.h.
 */
enum { IDMAP_RANGES = 4095, IDMAP_LINES_MAX = 340 /* the kernel's own, since 4.15 */ };
#define IDMAP_FIRST 0x70000000U

static inline uint32_t idmap_range_base(unsigned range)
{
	return IDMAP_FIRST + range * (uint32_t)SPEC_IDS;
}

/* Writes uid_map and gid_map of a process that is alone in its new user namespace. One write each,
 * as the kernel demands; at most 340 lines since 4.15. A caller without rights can map its own id
 * alone: for other ranges newuidmap(1) and newgidmap(1) are run, which know what /etc/subuid gives
 * to whom. */
int idmap_write(pid_t pid, const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct err *err);

/* Whether a caller without rights maps its groups by itself: setgroups(2) is then denied inside. */
bool idmap_denies_groups(const struct id_map *gids, size_t ngids);

/* The maps of pid's user namespace as its caller sees them, at most max ranges of each: for a namespace
 * that was joined. More ranges are an error. */
int idmap_read(pid_t pid, size_t max, struct id_map *ret_uids, size_t *ret_nuids,
	struct id_map *ret_gids, size_t *ret_ngids, struct err *err);

/* Parent: a user namespace with these maps and no process in it, for id-mapped mounts. */
int idmap_userns_new(const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct err *err);

/* The user namespace of pid, for mount_setattr(MOUNT_ATTR_IDMAP). */
int idmap_userns_open(pid_t pid, struct err *err);
