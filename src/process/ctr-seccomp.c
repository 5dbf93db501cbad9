/*
 * ctr-seccomp: a seccomp profile (docker, podman, OCI) in, the BPF program for it out.
 *
 * Kept out of ctr, so that a start whose filter is built in or cached loads no libseccomp.
 * Only the machine's own ABI gets in: "architectures" of the profile add to it, the
 * subArchitectures of an archMap only with --all-arches. Every ABI is a second copy of the kernel's
 * entry points to go wrong in, and costs a container start about as much as the whole filter.
 */
#include "base/fd.h"
#include "base/file.h"
#include "base/flag.h"
#include "process/seccomp_build.h"
#include "process/seccomp_option.h"
#include "process/seccomp_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

struct options {
	const char *profile; /* NULL: standard input */
	const char *name;    /* what messages call it */
	const char *output;  /* NULL: standard output */
	struct seccomp_target target;
	bool verbose, with_flags, print_caps;
};

static int set_caps(void *to, const char *what, const char *s, struct err *err)
{
	if (!*s || strspn(s, "0123456789abcdefABCDEF") != strlen(s) || strlen(s) > 16)
		return err_set(err, "%s %s: not a hexadecimal number of at most 16 digits", what,
			s);
	*(uint64_t *)to = strtoull(s, NULL, 16);
	return 0;
}

static int set_kernel(void *to, const char *what, const char *s, struct err *err)
{
	struct seccomp_target *t = to;

	if (sscanf(s, "%5u.%5u", &t->kernel_major, &t->kernel_minor) != 2)
		return err_set(err, "%s %s: not a version such as 6.1", what, s);
	return 0;
}

static int kernel_running(struct seccomp_target *ret, struct err *err)
{
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(err, "uname");
	return set_kernel(ret, "uname", u.release, err);
}

/* None is an empty word: it is what a start without any passes on. */
static int set_options(void *to, const char *what, const char *words, struct err *err)
{
	struct seccomp_target *t = to;

	t->options = 0;
	if (*words && seccomp_options_parse(words, ',', &t->options) < 0)
		return err_set(err, "%s %s: unknown", what, words);
	if (t->options & SECCOMP_OPTION_32BIT)
		t->all_arches = true;
	return 0;
}

#define TARGET FLAG_OF(options, target, struct seccomp_target)
static const struct flag table[] = {
	{"caps", 0, "HEX", "bounding set of the container, for includes and excludes", set_caps,
		FLAG_OF(options, target.caps, uint64_t)},
	{"kernel", 0, "X.Y", "kernel it is for, for minKernel (the running one)", set_kernel,
		TARGET},
	{"options", 0, "WORD,…", "of the profile, such as aio; 32bit is --all-arches too",
		set_options, TARGET},
	{"all-arches", 0, NULL, "also the subArchitectures of the profile's archMap",
		FLAG_BOOL(options, target.all_arches)},
	{"listener", 0, NULL, "there is one: SCMP_ACT_NOTIFY and its flag are allowed",
		FLAG_BOOL(options, target.listener)},
	{"name", 0, "NAME", "what messages call the profile", FLAG_TEXT(options, name)},
	{"with-flags", 0, NULL, "put the filter's flags, as 64 bits, in front of the program",
		FLAG_BOOL(options, with_flags)},
	{"print-caps", 0, NULL, "write the capabilities that the profile asks about, no program",
		FLAG_BOOL(options, print_caps)},
	{"verbose", 0, NULL, "name the system calls that are skipped because nobody knows them",
		FLAG_BOOL(options, verbose)},
	{"output", 'o', "FILE", "write there", FLAG_TEXT(options, output)},
	{0},
};

static int unknown(const struct flags *flags, const char *word, struct err *err)
{
	err_set(err, "unknown flag %s", word);
	return flags_hint(flags, word, NULL, err);
}

static int options_parse(int argc, char **argv, struct options *o, struct err *err)
{
	static const struct flags flags = {table, 0, "ctr-seccomp", unknown};
	int first = 0, r;

	if (kernel_running(&o->target, err) < 0)
		return -1;
	r = flags_parse(&flags, o, argc - 1, argv + 1, &first, err);
	if (r > 0) {
		puts("usage: ctr-seccomp [flags] [PROFILE]\n"
		     "Reads a seccomp profile (default: standard input), writes the BPF program.");
		flags_help(table);
		exit(0);
	}
	first++;
	if (r == 0 && argc - first > 1)
		return err_set(err, "%s: one profile at a time", argv[first + 1]);
	if (r == 0 && first < argc && strcmp(argv[first], "-") != 0)
		o->profile = argv[first];
	if (!o->name)
		o->name = o->profile ? o->profile : "standard input";
	return r;
}

/* One byte more than allowed is read, so that the parser can tell too long from just right. */
static int input_read(const struct options *o, char **ret_data, size_t *ret_len, struct err *err)
{
	size_t size = SECCOMP_PROFILE_MAX_BYTES + 1;
	autofd int fd = o->profile ? open(o->profile, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	autofree char *buf = malloc(size);
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "open %s", o->name);
	if (!buf)
		return err_sys(err, "%s", o->name);
	n = fd_read_all(fd, buf, size);
	if (n < 0)
		return err_sys(err, "read %s", o->name);
	*ret_data = take_ptr(&buf);
	*ret_len = (size_t)n;
	return 0;
}

static int bytes_write(int fd, const struct options *o, uint64_t flags,
	const struct seccomp_program *program)
{
	if (o->with_flags && fd_write_all(fd, &flags, sizeof(flags)) < 0)
		return -1;
	return fd_write_all(fd, program->code, program->count * sizeof(*program->code));
}

static int output_write(const struct options *o, uint64_t flags,
	const struct seccomp_program *program, struct err *err)
{
	const char *name = o->output ? o->output : "standard output";
	autofd int fd = o->output ? open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
				  : dup(STDOUT_FILENO);

	if (fd < 0)
		return err_sys(err, "open %s", name);
	if (bytes_write(fd, o, flags, program) < 0)
		return err_sys(err, "write %s", name);
	return 0;
}

static int compile(const struct options *o, const struct seccomp_profile *profile, struct err *err)
{
	struct seccomp_program program;
	autofree struct sock_filter *code = NULL;

	if (seccomp_program_build(o->name, profile, &program, err) < 0)
		return -1;
	code = program.code;
	if (o->verbose && program.unknown)
		warn("%s: %zu unknown system calls skipped: %s", o->name, program.unknown,
			program.unknown_names);
	if (program.unruled_names[0])
		warn("%s: no system call is known by these names, and none forbidden: %s", o->name,
			program.unruled_names);
	return output_write(o, profile->flags, &program, err);
}

static int run(const struct options *o, struct err *err)
{
	autofree char *data = NULL;
	struct seccomp_profile profile;
	size_t len = 0;
	int r = 0;

	if (input_read(o, &data, &len, err) < 0 ||
		seccomp_profile_parse(o->name, data, len, &o->target, &profile, err) < 0)
		return -1;
	if (o->print_caps)
		printf("%" PRIx64 "\n", profile.caps_asked);
	else
		r = compile(o, &profile, err);
	seccomp_profile_free(&profile);
	return r;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct err err = {0};

	if (options_parse(argc, argv, &o, &err) < 0 || run(&o, &err) < 0)
		return err_print(&err, "ctr-seccomp");
	return 0;
}
