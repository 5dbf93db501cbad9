/* A log, as a container may have made its supervisor write it, or somebody after it: "log" is the
 * rest, "log.1" the first part, behind a byte that chooses the options. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "console/logfile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int dir, out;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	dir = fuzz_scratch();
	out = memfd_create("out", MFD_CLOEXEC);
	require(out >= 0);
	return 0;
}

static void check_lines(const char *text, size_t len)
{
	for (const char *end = text + len, *p = text; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);
		struct logfile_record r;

		fuzz_fill(&r, sizeof(r));
		if (logfile_parse(p, n, &r) < 0)
			fuzz_untouched(&r, sizeof(r));
		else
			require(r.time == p && r.text >= p && r.text + r.text_len == p + n);
		p += n + 1;
	}
}

/* What comes out is less than what was in it, times left out or not. */
static void print(unsigned choice, size_t total)
{
	struct logfile_options options = {.tail = choice & 1 ? choice >> 4 : LOGFILE_ALL,
		.timestamps = choice & 2,
		.since_ns = choice & 4 ? UINT64_C(1709208000000000001) : 0,
		.end_fd = -1,
		.stdout_fd = out,
		.stderr_fd = choice & 8 ? -1 : out};
	struct err err = {0};
	uint64_t damaged = 0;

	require(ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0);
	if (logfile_print(dir, &options, &damaged, &err) < 0)
		fuzz_refused(&err);
	require(damaged <= total);
	require((size_t)lseek(out, 0, SEEK_CUR) <= total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data + 1, size - 1};
	size_t older_len, len;
	autofree char *older = NULL, *text = NULL;

	if (!size)
		return 0;
	older = fuzz_part(&in, &older_len);
	text = fuzz_rest(&in, &len);
	check_lines(text, len);
	fuzz_file(dir, "log", text, len);
	fuzz_file(dir, "log.1", older, older_len);
	print(data[0], len + older_len + 2);
	return 0;
}
