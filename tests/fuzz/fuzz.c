#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/utf8.h"
#include "spec/config.h"
#include "spec/defaults.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

enum { FILLED = 0xa5 };

_Noreturn void fuzz_broken(const char *promise, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, promise);
	abort();
}

static void check_line(const char *s, size_t size)
{
	require(memchr(s, '\0', size));
	while (*s) {
		uint32_t c;
		size_t len = utf8_decode(s, &c);

		require(len);
		require(!utf8_acts_on_terminal(c));
		s += len;
	}
}

void fuzz_refused(const struct err *err)
{
	require(err->text[0]);
	check_line(err->text, sizeof(err->text));
	check_line(err->hint, sizeof(err->hint));
}

void fuzz_fill(void *out, size_t size)
{
	memset(out, FILLED, size);
}

void fuzz_untouched(const void *out, size_t size)
{
	const uint8_t *p = out;

	for (size_t i = 0; i < size; i++)
		require(p[i] == FILLED);
}

static char *take(struct fuzz_input *in, size_t len, size_t *ret_len)
{
	char *s = malloc(len + 1);

	require(s);
	if (len)
		memcpy(s, in->data, len);
	s[len] = '\0';
	in->data += len;
	in->size -= len;
	if (ret_len)
		*ret_len = len;
	return s;
}

char *fuzz_rest(struct fuzz_input *in, size_t *ret_len)
{
	return take(in, in->size, ret_len);
}

char *fuzz_part(struct fuzz_input *in, size_t *ret_len)
{
	const uint8_t *end = in->size ? memchr(in->data, 0xff, in->size) : NULL;
	char *s = take(in, end ? (size_t)(end - in->data) : in->size, ret_len);

	if (end) {
		in->data++;
		in->size--;
	}
	return s;
}

int fuzz_scratch(void)
{
	int fd = -1;

	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0 &&
		mount("fuzz", FUZZ_SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV,
			"size=64m,nr_inodes=100000,mode=755") == 0)
		fd = open(FUZZ_SCRATCH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	perror("cannot mount a file system for scratch");
	_exit(FUZZ_SKIPPED);
}

void fuzz_file(int dir, const char *name, const void *data, size_t len)
{
	autofd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	require(fd >= 0);
	require(fd_write_all(fd, data, len) == 0);
}

void fuzz_round_trip(const struct spec *spec)
{
	struct err err = {0};
	autofree char *first = config_write(spec, "/root", &err), *second = NULL;
	struct spec again;

	/* Some values have no form of their own in JSON; then it says so. */
	if (!first) {
		fuzz_refused(&err);
		return;
	}
	require(config_read("again", first, strlen(first), CONFIG_OURS, &again, &err) == 0);
	second = config_write(&again, "/root", &err);
	require(second);
	require(strcmp(first, second) == 0);
	spec_free(&again);
}

void fuzz_spec_init(struct spec *spec)
{
	static char sh[] = "sh";
	static char *argv[] = {sh, NULL};

	*spec = (struct spec){0};
	spec_init(spec);
	spec->process.argv = argv;
	spec->process.argc = 1;
}
