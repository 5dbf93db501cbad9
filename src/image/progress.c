#include "image/progress.h"

#include "base/num.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_NS = 100000000 };

static struct {
	bool on, drawn;
	const char *what;
	uint64_t total, next_ns;
} bar;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void progress_begin(const char *what, uint64_t total)
{
	bar.on = isatty(STDERR_FILENO);
	bar.what = what;
	bar.total = total;
	bar.next_ns = bar.on ? now_ns() + INTERVAL_NS : 0;
}

void progress_show(uint64_t bytes)
{
	char size[16], total[16];

	if (!bar.on || now_ns() < bar.next_ns)
		return;
	bar.next_ns = now_ns() + INTERVAL_NS;
	bar.drawn = true;
	if (bar.total && bytes <= bar.total)
		fprintf(stderr, "\r\033[K%s: %s of %s, %u%%", bar.what, size_format(bytes, size),
			size_format(bar.total, total), (unsigned)(bytes * 100 / bar.total));
	else
		fprintf(stderr, "\r\033[K%s: %s", bar.what, size_format(bytes, size));
	fflush(stderr);
}

void progress_end(void)
{
	if (bar.drawn)
		fputs("\r\033[K", stderr);
	bar.on = bar.drawn = false;
}
