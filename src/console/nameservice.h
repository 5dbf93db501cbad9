/*
 * The sockets that a container's questions for names come to, and the program that answers them, ctr-resolver: run when
 * something has come, and again after its end. Nothing of it is in the container. One that cannot be run, or is killed,
 * is tried again a second later. No stdio and no heap; whoever is killed at any time, and goes on in the same memory,
 * finds no descriptor here that is closed.
 */
#pragma once

#include <poll.h>
#include <stdint.h>

enum { NAMESERVICE_POLLS = 2 };

struct nameservice {
	const char *program;   /* its path; NULL: there is none */
	int udp, tcp;          /* or -1 */
	int state;             /* the container's directory */
	int first;             /* pidfd of its first process */
	void (*prepare)(void); /* in the child, before the exec */
	int (*group)(void);    /* a descriptor of the cgroup that it begins in, or -1; or NULL */
	int fd;                /* pidfd of the one that runs, or -1 */
	uint64_t at;           /* not before, CLOCK_MONOTONIC in nanoseconds */
};
#define NAMESERVICE_NONE ((struct nameservice){.udp = -1, .tcp = -1, .fd = -1})

void nameservice_poll(const struct nameservice *n, struct pollfd ret[NAMESERVICE_POLLS],
	uint64_t now);
/* UINT64_MAX for none. */
uint64_t nameservice_deadline(const struct nameservice *n, uint64_t now);
void nameservice_serve(struct nameservice *n, const struct pollfd p[NAMESERVICE_POLLS],
	uint64_t now);
/* Whose child it was has been killed; it ends by itself. */
void nameservice_taken_over(struct nameservice *n);
/* Ends it, and closes the sockets, which keep the container's network alive. */
void nameservice_end(struct nameservice *n);
