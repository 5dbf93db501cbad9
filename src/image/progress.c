#include "image/progress.h"

#include "base/num.h"
#include "base/output.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
	MOVES_MS = 100,        /* on a terminal */
	FIRST_LINE_MS = 10000, /* elsewhere: what takes less needs no line */
	LINES_MS = 30000,
	SECONDS_SHOWN = 3, /* from then on the time is of interest */
};

static struct {
	bool quiet, on, terminal, drawn;
	const char *what;
	uint64_t total;
	_Atomic uint64_t bytes;
	struct timespec begun;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t end;
	bool ended;
} bar;

void progress_quiet(void)
{
	bar.quiet = true;
}

static struct timespec later(struct timespec t, long ms)
{
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000)
		t = (struct timespec){t.tv_sec + 1, t.tv_nsec - 1000000000};
	return t;
}

/* One write a line, so that those of a recipe do not come between. */
static void draw(struct timespec now)
{
	uint64_t bytes = bar.bytes, seconds = (uint64_t)(now.tv_sec - bar.begun.tv_sec);
	char size[16], total[16], amount[64] = "", time[32] = "";

	if (bar.total && bytes <= bar.total)
		snprintf(amount, sizeof(amount), "%s of %s, %u%%", size_format(bytes, size),
			size_format(bar.total, total), (unsigned)(bytes * 100 / bar.total));
	else if (bytes)
		size_format(bytes, amount);
	if (seconds >= SECONDS_SHOWN)
		snprintf(time, sizeof(time), "%s%llu s", *amount ? ", " : "",
			(unsigned long long)seconds);
	if (!*amount && !*time)
		return;
	dprintf(STDERR_FILENO, "%s%s: %s%s%s", bar.terminal ? "\r\033[K" : "ctr: image ", bar.what,
		amount, time, bar.terminal ? "" : "\n");
	bar.drawn = true;
}

static void *run(void *arg)
{
	struct timespec next = later(bar.begun, bar.terminal ? MOVES_MS : FIRST_LINE_MS);

	(void)arg;
	pthread_mutex_lock(&bar.mutex);
	while (!bar.ended) {
		if (pthread_cond_timedwait(&bar.end, &bar.mutex, &next) == 0)
			continue;
		draw(next);
		next = later(next, bar.terminal ? MOVES_MS : LINES_MS);
	}
	pthread_mutex_unlock(&bar.mutex);
	return NULL;
}

void progress_begin(const char *what, uint64_t total)
{
	pthread_condattr_t clock;

	if (bar.quiet || bar.on)
		return;
	bar.terminal = output_is_screen(STDERR_FILENO);
	bar.what = what;
	bar.total = total;
	bar.bytes = 0;
	bar.ended = bar.drawn = false;
	clock_gettime(CLOCK_MONOTONIC, &bar.begun);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&bar.mutex, NULL);
	pthread_cond_init(&bar.end, &clock);
	pthread_condattr_destroy(&clock);
	bar.on = pthread_create(&bar.thread, NULL, run, NULL) == 0;
}

void progress_show(uint64_t bytes)
{
	bar.bytes = bytes;
}

void progress_end(void)
{
	if (!bar.on)
		return;
	pthread_mutex_lock(&bar.mutex);
	bar.ended = true;
	pthread_cond_signal(&bar.end);
	pthread_mutex_unlock(&bar.mutex);
	pthread_join(bar.thread, NULL);
	pthread_cond_destroy(&bar.end);
	pthread_mutex_destroy(&bar.mutex);
	if (bar.drawn && bar.terminal)
		dprintf(STDERR_FILENO, "\r\033[K");
	bar.on = false;
}
