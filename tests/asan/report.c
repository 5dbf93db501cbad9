/*
 * Linked into every program of `make asan`: what the sanitizers report goes to one file too, from
 * however far away. It is open before main, so that the child of a clone has it, in another root, as
 * another user, and with nobody who reads its standard error.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FD_ABOVE = 500 }; /* out of the way of tests that count descriptors from 3 */

void __sanitizer_set_report_fd(void *fd);
void __asan_set_error_report_callback(void (*callback)(const char *report));
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file,
	unsigned *line, unsigned *column, char **address);

static int report = -1;

/* A process whose children are in another pid namespace cannot be stopped by its leak checker, which then waits
 * for ever: leaks are looked for in the unit tests only, which ask for it. Not by the environment: a program in
 * another root has none that the runtime could read. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void report_copy(const char *text)
{
	if (write(report, text, strlen(text)) < 0)
		return;
}

/* Called by the runtime after each finding. */
void __ubsan_on_report(void)
{
	const char *kind, *message, *file;
	unsigned line, column;
	char *address, text[1024];

	__ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
	snprintf(text, sizeof(text),
		"%s:%u:%u: runtime error: %s\nSUMMARY: undefined behavior: %s\n", file, line,
		column, message, kind);
	report_copy(text);
}

/* Leaks are looked for after all handlers of exit(3), and have no callback. The runtime does not use
 * such a descriptor beyond a fork, so that it serves nothing else. */
static void report_leaks(void)
{
	__sanitizer_set_report_fd((void *)(intptr_t)report);
}

__attribute__((constructor)) static void report_open(void)
{
	int fd = open(ASAN_REPORT, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return;
	report = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);
	close(fd);
	if (report < 0)
		return;
	__asan_set_error_report_callback(report_copy);
	atexit(report_leaks);
}
