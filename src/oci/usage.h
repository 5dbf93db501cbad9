/* What a container uses, in the words of "runc events". */
#pragma once

#include "base/json.h"
#include "cgroup/stats.h"

/* A new object, from the sums and from what the group's files say of each device, each size of huge pages
 * and each kind of memory. What is not counted is not in it. NULL if
 * a file that is there cannot be read. */
json_t *usage_json(int group_fd, const struct cgroup_stats *s, struct err *err);
