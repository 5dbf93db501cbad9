/* Signals by the names people use. */
#pragma once

enum { SIGNAL_MAX = 64, SIGNAL_NAME_SIZE = 16 };

/* "TERM", "sigterm", "15", "RTMIN+3", "SIGRTMAX-1": the number, 1…64, or -1. Real-time names count
 * from 34, as a guest's glibc and its systemd do, whatever libc this program is built with. */
int signal_parse(const char *s);
/* "SIGTERM", "SIGRTMIN+3"; plain digits for a number without a name. Returns buf. */
char *signal_format(int number, char buf[SIGNAL_NAME_SIZE]);
