/* A seccomp profile, for a container with few and with all capabilities; what is taken becomes a
 * program or a reason why not. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "process/seccomp_build.h"

#include <linux/bpf_common.h>

/* What the kernel's checker would refuse. */
static void check_program(const struct seccomp_program *p)
{
	require(p->count > 0 && p->count <= BPF_MAXINSNS);
	require(BPF_CLASS(p->code[p->count - 1].code) == BPF_RET);
	for (size_t i = 0; i < p->count; i++) {
		const struct sock_filter *f = &p->code[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (BPF_OP(f->code) == BPF_JA)
			require(f->k < p->count - i - 1);
		else
			require(f->jt < p->count - i - 1 && f->jf < p->count - i - 1);
	}
}

static void build(const struct seccomp_profile *profile)
{
	struct seccomp_program program;
	struct err err = {0};

	fuzz_fill(&program, sizeof(program));
	if (seccomp_program_build("profile", profile, &program, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&program, sizeof(program));
		return;
	}
	check_program(&program);
	free(program.code);
}

static void parse(const char *text, size_t len, const struct seccomp_target *target)
{
	struct seccomp_profile profile;
	struct err err = {0};

	fuzz_fill(&profile, sizeof(profile));
	if (seccomp_profile_parse("profile", text, len, target, &profile, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&profile, sizeof(profile));
		return;
	}
	build(&profile);
	seccomp_profile_free(&profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seccomp_target few = {0x1f, 6, 1, false}, all = {~0ULL, 7, 0, true};
	struct fuzz_input in = {data, size};
	size_t len;
	autofree char *text = fuzz_rest(&in, &len);

	parse(text, len, &few);
	parse(text, len, &all);
	return 0;
}
