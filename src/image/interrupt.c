#include "image/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static volatile sig_atomic_t noted;

static void note(int sig)
{
	noted = sig;
}

void interrupt_catch(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction catch = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};

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
