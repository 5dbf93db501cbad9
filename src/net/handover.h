/* The two sides of ctr-net: ctr, which runs it, and the process of the container, which hands over its network namespace. */
#pragma once

#include "base/err.h"
#include "net/service.h"

#include <stdbool.h>
#include <sys/types.h>

struct handover {
	pid_t pid;      /* of ctr-net; 0: there is none */
	int sock;       /* or -1 */
	int child_sock; /* for the process of the container, until it is cloned; or -1 */
};
#define HANDOVER_NONE ((struct handover){.sock = -1, .child_sock = -1})

/* Runs ctr-net for the container of a state directory. with_child: there will be a process of the container. */
int handover_begin(struct handover *h, int state_fd, bool with_child, struct err *err);
/* word: what follows the verb, or NULL. */
int handover_ask(const struct handover *h, enum network_verb verb, const char *word,
	struct err *err);
/* Waits for the answer; -1 with its err if that is one of failure. ret_fds: two, each may be -1; or NULL. wait: or, without
 * it, there may be none, which err->sys EAGAIN tells. */
int handover_hear(const struct handover *h, bool wait, struct network_answer *ret, int *ret_fds,
	struct err *err);
/* Lets it end, or, if it may be in the middle of something, ends it; and reaps it. */
void handover_end(struct handover *h, bool at_once);
/* Lets it end, which nobody waits for but the next one. */
void handover_leave(struct handover *h);

/* In the process of the container, once it is in its network namespace; and once it can do no more without a network. Neither
 * allocates anything. */
int network_hand_over(int sock, struct err *err);
int network_await(int sock, struct err *err);
