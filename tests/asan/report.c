/*
 * Linked into every program of `make asan`: reports of the sanitizers go to one file as well as the
 * run's own log can hold them, however far the process is from where it began. The file is opened
 * before main, so that the child of a clone, in another root, as another user and with nobody who
 * reads its standard error, still has it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { FD_ABOVE = 500 }; /* out of the way of tests that count descriptors from 3 */

void __sanitizer_set_report_fd(void *fd);

__attribute__((constructor)) static void report_open(void)
{
	int fd = open(ASAN_REPORT, O_WRONLY | O_APPEND | O_CLOEXEC);
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);

	if (fd >= 0)
		close(fd);
	if (high >= 0)
		__sanitizer_set_report_fd((void *)(intptr_t)high);
}
