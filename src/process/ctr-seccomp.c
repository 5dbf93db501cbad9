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
#include "process/seccomp_build.h"
#include "process/seccomp_option.h"
#include "process/seccomp_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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

static const char usage[] =
	"usage: ctr-seccomp [options] [PROFILE]\n"
	"Reads a seccomp profile (default: standard input), writes the BPF program.\n"
	"  --caps HEX      bounding set of the container, for includes and excludes\n"
	"  --kernel X.Y    kernel it is for, for minKernel (default: the running one)\n"
	"  --options WORD,…  of the profile, such as aio; 32bit is --all-arches too\n"
	"  --all-arches    also the subArchitectures of the profile's archMap\n"
	"  --listener      there is one: SCMP_ACT_NOTIFY and its flag are allowed\n"
	"  --name NAME     what messages call the profile\n"
	"  --with-flags    put the filter's flags, as 64 bits, in front of the program\n"
	"  --print-caps    write the capabilities that the profile asks about, as HEX, no program\n"
	"  --verbose       name the system calls that are skipped because nobody knows them\n"
	"  -o FILE         write there\n";

enum {
	OPT_CAPS = 256,
	OPT_KERNEL,
	OPT_OPTIONS,
	OPT_ALL,
	OPT_LISTENER,
	OPT_NAME,
	OPT_FLAGS,
	OPT_PRINT,
	OPT_VERBOSE,
	OPT_HELP
};

static const struct option long_options[] = {
	{"caps", required_argument, NULL, OPT_CAPS},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"options", required_argument, NULL, OPT_OPTIONS},
	{"all-arches", no_argument, NULL, OPT_ALL},
	{"listener", no_argument, NULL, OPT_LISTENER},
	{"name", required_argument, NULL, OPT_NAME},
	{"with-flags", no_argument, NULL, OPT_FLAGS},
	{"print-caps", no_argument, NULL, OPT_PRINT},
	{"verbose", no_argument, NULL, OPT_VERBOSE},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static int caps_parse(const char *s, uint64_t *ret, struct err *err)
{
	char *end;

	if (!*s || strspn(s, "0123456789abcdefABCDEF") != strlen(s) || strlen(s) > 16)
		return err_set(err, "--caps %s: not a hexadecimal number of at most 16 digits", s);
	*ret = strtoull(s, &end, 16);
	return 0;
}

static int kernel_parse(const char *s, struct seccomp_target *ret, struct err *err)
{
	if (sscanf(s, "%5u.%5u", &ret->kernel_major, &ret->kernel_minor) != 2)
		return err_set(err, "--kernel %s: not a version such as 6.1", s);
	return 0;
}

static int kernel_running(struct seccomp_target *ret, struct err *err)
{
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(err, "uname");
	return kernel_parse(u.release, ret, err);
}

/* None is an empty word: it is what a start without any passes on. */
static int options_take(const char *words, struct seccomp_target *ret, struct err *err)
{
	ret->options = 0;
	if (*words && seccomp_options_parse(words, ',', &ret->options) < 0)
		return err_set(err, "--options %s: unknown", words);
	if (ret->options & SECCOMP_OPTION_32BIT)
		ret->all_arches = true;
	return 0;
}

static int option_apply(int opt, struct options *o, struct err *err)
{
	switch (opt) {
	case 'o':
		o->output = optarg;
		return 0;
	case OPT_CAPS:
		return caps_parse(optarg, &o->target.caps, err);
	case OPT_KERNEL:
		return kernel_parse(optarg, &o->target, err);
	case OPT_OPTIONS:
		return options_take(optarg, &o->target, err);
	case OPT_ALL:
		o->target.all_arches = true;
		return 0;
	case OPT_LISTENER:
		o->target.listener = true;
		return 0;
	case OPT_NAME:
		o->name = optarg;
		return 0;
	case OPT_FLAGS:
		o->with_flags = true;
		return 0;
	case OPT_PRINT:
		o->print_caps = true;
		return 0;
	case OPT_VERBOSE:
		o->verbose = true;
		return 0;
	default:
		return err_set(err, "see ctr-seccomp --help");
	}
}

static int options_parse(int argc, char **argv, struct options *o, struct err *err)
{
	int opt;

	if (kernel_running(&o->target, err) < 0)
		return -1;
	while ((opt = getopt_long(argc, argv, "o:", long_options, NULL)) >= 0) {
		if (opt == OPT_HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		if (option_apply(opt, o, err) < 0)
			return -1;
	}
	if (argc - optind > 1)
		return err_set(err, "%s: one profile at a time", argv[optind + 1]);
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		o->profile = argv[optind];
	if (!o->name)
		o->name = o->profile ? o->profile : "standard input";
	return 0;
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
