#include "image/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

#define AT_ONCE_NS 1000000000ULL

static volatile sig_atomic_t noted;
static uint64_t noted_at_ns;

static void note(int sig)
{
	uint64_t now_ns = monotonic_ns();

	if (!noted) {
		noted = sig;
		noted_at_ns = now_ns;
	} else if (now_ns - noted_at_ns > AT_ONCE_NS) {
		signal(sig, SIG_DFL);
		raise(sig); /* delivered on return */
	}
}

void interrupt_catch(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction catch = {.sa_handler = note};

	sigfillset(&catch.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &catch, NULL);
	}
}

int interrupt_check(struct err *err)
{
	int sig = noted;

	return sig ? err_set(err, "stopped by signal %d (%s)", sig, strsignal(sig)) : 0;
}

void interrupt_pass_on(void)
{
	if (!noted)
		return;
	signal(noted, SIG_DFL);
	raise(noted);
}
