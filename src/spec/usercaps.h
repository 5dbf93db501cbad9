/* What --cap-add gives a user who is not root: execve(2) takes every capability from such a one but the
 * ambient ones. Root has its by the bounding set, and starts with no ambient one. */
#pragma once

#include "spec/spec.h"

/* p->user and the bounding set are known. added: by name, beside what every container has. */
void usercaps_set(struct process_spec *p, uint64_t added);
