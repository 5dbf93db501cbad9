#include "process/seccomp_build.h"

#include "base/fd.h"
#include "process/seccomp_names.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define X32_BIT 0x40000000u
#define NEXT    255 /* a jump to the next rule, filled in when the rule is complete */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { LOW_HALF = 0, HIGH_HALF = 4 };
#else
enum { LOW_HALF = 4, HIGH_HALF = 0 };
#endif

/* The chain in front of the tree. One instruction too many sets `full`. */
struct chain {
	struct sock_filter code[BPF_MAXINSNS];
	size_t count;
	bool full;
};

static void emit(struct chain *c, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (c->count == BPF_MAXINSNS) {
		c->full = true;
		return;
	}
	c->code[c->count++] = (struct sock_filter){ op, jt, jf, k };
}

static void emit_load(struct chain *c, size_t offset)
{
	emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_jump(struct chain *c, uint16_t test, uint32_t k, uint8_t jt, uint8_t jf)
{
	emit(c, BPF_JMP | test | BPF_K, k, jt, jf);
}

static void emit_half(struct chain *c, const struct seccomp_condition *cond, size_t half)
{
	emit_load(c, offsetof(struct seccomp_data, args) + cond->index * sizeof(uint64_t) + half);
}

static void emit_masked(struct chain *c, const struct seccomp_condition *cond, size_t half,
	uint32_t mask, uint32_t datum)
{
	if (!mask)
		return;
	emit_half(c, cond, half);
	if (mask != UINT32_MAX)
		emit(c, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	emit_jump(c, BPF_JEQ, datum & mask, 0, NEXT);
}

/* Falls through where the condition holds. A register has 64 bits, the machine compares 32. */
static void emit_condition(struct chain *c, const struct seccomp_condition *cond)
{
	uint32_t high = (uint32_t)(cond->value >> 32), low = (uint32_t)cond->value;

	if (cond->op == SCMP_CMP_MASKED_EQ) {
		emit_masked(c, cond, HIGH_HALF, high, (uint32_t)(cond->value_two >> 32));
		emit_masked(c, cond, LOW_HALF, low, (uint32_t)cond->value_two);
		return;
	}
	emit_half(c, cond, HIGH_HALF);
	switch (cond->op) {
	case SCMP_CMP_EQ:
		emit_jump(c, BPF_JEQ, high, 0, NEXT);
		break;
	case SCMP_CMP_NE:
		emit_jump(c, BPF_JEQ, high, 0, 2);
		break;
	case SCMP_CMP_GT:
	case SCMP_CMP_GE:
		emit_jump(c, BPF_JGT, high, 3, 0);
		emit_jump(c, BPF_JEQ, high, 0, NEXT);
		break;
	default:
		emit_jump(c, BPF_JGT, high, NEXT, 0);
		emit_jump(c, BPF_JEQ, high, 0, 2);
		break;
	}
	emit_half(c, cond, LOW_HALF);
	switch (cond->op) {
	case SCMP_CMP_EQ:
		emit_jump(c, BPF_JEQ, low, 0, NEXT);
		break;
	case SCMP_CMP_NE:
		emit_jump(c, BPF_JEQ, low, NEXT, 0);
		break;
	case SCMP_CMP_GT:
		emit_jump(c, BPF_JGT, low, 0, NEXT);
		break;
	case SCMP_CMP_GE:
		emit_jump(c, BPF_JGE, low, 0, NEXT);
		break;
	case SCMP_CMP_LT:
		emit_jump(c, BPF_JGE, low, NEXT, 0);
		break;
	default:
		emit_jump(c, BPF_JGT, low, NEXT, 0);
		break;
	}
}

/* Jumps marked NEXT in code[from…] go to where the code ends now. A rule is at most
 * 6 conditions of 5 instructions, so the distance never is NEXT itself. */
static void resolve_next(struct chain *c, size_t from)
{
	for (size_t i = from; i < c->count; i++) {
		struct sock_filter *f = &c->code[i];

		if (BPF_CLASS(f->code) != BPF_JMP || BPF_OP(f->code) == BPF_JA)
			continue;
		if (f->jt == NEXT)
			f->jt = (uint8_t)(c->count - i - 1);
		if (f->jf == NEXT)
			f->jf = (uint8_t)(c->count - i - 1);
	}
}

static void emit_rule(struct chain *c, const struct seccomp_rule *rule)
{
	size_t from = c->count;

	for (size_t i = 0; i < rule->condition_count; i++)
		emit_condition(c, &rule->conditions[i]);
	emit(c, BPF_RET | BPF_K, rule->action, 0, 0);
	resolve_next(c, from);
}

/* A jump over what follows, completed by skip_end. */
static size_t skip_begin(struct chain *c)
{
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	return c->count - 1;
}

static void skip_end(struct chain *c, size_t at)
{
	c->code[at].k = (uint32_t)(c->count - at - 1);
}

/* A short skip fits into the test in front of it: every call that is not tested for passes there,
 * and the kernel runs the program once for each number when it is loaded. */
static void skip_shorten(struct chain *c, size_t at)
{
	size_t distance = c->count - at - 1;

	if (c->full || distance >= NEXT)
		return;
	memmove(&c->code[at], &c->code[at + 1], distance * sizeof(*c->code));
	c->count--;
	c->code[at - 1].jt = 0;
	c->code[at - 1].jf = (uint8_t)distance;
}

static const struct seccomp_rule *rule_first(const struct seccomp_profile *p, const char *name,
	bool conditional)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if ((p->rules[i].condition_count > 0) == conditional &&
		    !strcmp(p->rules[i].name, name))
			return &p->rules[i];
	return NULL;
}

/* Every rule with conditions of one call. Expects its number in the accumulator, and leaves it
 * there for the next call. */
static void emit_call(struct chain *c, const struct seccomp_profile *p, const char *name,
	uint32_t nr)
{
	const struct seccomp_rule *always = rule_first(p, name, false);
	size_t skip;

	emit_jump(c, BPF_JEQ, nr, 1, 0);
	skip = skip_begin(c);
	for (size_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].condition_count && !strcmp(p->rules[i].name, name))
			emit_rule(c, &p->rules[i]);
	emit(c, BPF_RET | BPF_K, always ? always->action : p->default_action, 0, 0);
	skip_end(c, skip);
	skip_shorten(c, skip);
}

static int number_highest(const struct seccomp_profile *p, uint32_t arch)
{
	int highest = -1;

	for (size_t i = 0; i < p->rule_count; i++) {
		int nr = syscall_number_on(arch, p->rules[i].name);

		if (nr > highest)
			highest = nr;
	}
	return highest;
}

static bool default_hides_new_calls(const struct seccomp_profile *p)
{
	return (p->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
	       p->default_action != SCMP_ACT_ERRNO(ENOSYS);
}

static void emit_enosys(struct chain *c, const struct seccomp_profile *p, uint32_t arch)
{
	int highest = number_highest(p, arch);

	if (highest < 0)
		return;
	if (arch == SCMP_ARCH_X86_64)
		emit_jump(c, BPF_JGE, X32_BIT, 2, 0);
	emit_jump(c, BPF_JGT, (uint32_t)highest, 0, 1);
	emit(c, BPF_RET | BPF_K, SCMP_ACT_ERRNO(ENOSYS), 0, 0);
}

/* What comes in front of the tree for one ABI. x32 shares the audit architecture of x86-64 and
 * tells itself apart by a bit of the number. */
static void emit_arch(struct chain *c, const struct seccomp_profile *p, uint32_t arch)
{
	uint32_t audit = arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : arch;
	size_t skip;

	emit_load(c, offsetof(struct seccomp_data, arch));
	emit_jump(c, BPF_JEQ, audit, 1, 0);
	skip = skip_begin(c);
	emit_load(c, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct seccomp_rule *r = &p->rules[i];
		int nr = syscall_number_on(arch, r->name);

		if (r->condition_count && nr >= 0 && rule_first(p, r->name, true) == r)
			emit_call(c, p, r->name, (uint32_t)nr);
	}
	if (default_hides_new_calls(p))
		emit_enosys(c, p, arch);
	skip_end(c, skip);
}

static void chain_build(struct chain *c, const struct seccomp_profile *p)
{
	emit_arch(c, p, seccomp_arch_native());
	for (size_t i = 0; i < p->arch_count && !c->full; i++)
		emit_arch(c, p, p->arches[i]);
}

static void unknown_note(struct seccomp_program *out, const char *name)
{
	size_t used = strlen(out->unknown_names);

	if (used + strlen(name) + 2 < sizeof(out->unknown_names))
		snprintf(out->unknown_names + used, sizeof(out->unknown_names) - used, "%s%s",
			used ? " " : "", name);
	out->unknown++;
}

static int sys_err(struct err *err, int rc, const char *what, const char *doing)
{
	errno = -rc;
	return err_sys(err, "%s: %s", what, doing);
}

/* The rules without conditions, and the check of the ABI. */
static int tree_fill(const char *what, scmp_filter_ctx ctx, const struct seccomp_profile *p,
	struct seccomp_program *out, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < p->arch_count; i++)
		rc = seccomp_arch_add(ctx, p->arches[i]);
	if (rc < 0 && rc != -EEXIST)
		return sys_err(err, rc, what, "an architecture does not go with this machine's");
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct seccomp_rule *r = &p->rules[i];
		int nr = syscall_number(r->name);

		if (nr == __NR_SCMP_ERROR) {
			unknown_note(out, r->name);
			continue;
		}
		if (r->condition_count || r->action == p->default_action ||
		    rule_first(p, r->name, false) != r)
			continue;
		rc = seccomp_rule_add(ctx, r->action, nr, 0);
		if (rc < 0 && rc != -EEXIST)
			return sys_err(err, rc, what, r->name);
	}
	return 0;
}

static int tree_settings(scmp_filter_ctx ctx)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	return rc ? rc : seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
}

/* Chain and tree, one after the other: every jump in them is relative. */
static int program_join(const char *what, const struct chain *c, int treefd,
	struct seccomp_program *out, struct err *err)
{
	off_t size = lseek(treefd, 0, SEEK_END);
	size_t tree = (size_t)size / sizeof(struct sock_filter);

	if (size < 0 || lseek(treefd, 0, SEEK_SET) < 0)
		return err_sys(err, "%s: read the program back", what);
	if (c->full || c->count + tree > BPF_MAXINSNS)
		return err_set(err, "%s: the program would be longer than the %d instructions that "
				    "the kernel takes", what, BPF_MAXINSNS);
	out->count = c->count + tree;
	out->code = malloc(out->count * sizeof(*out->code));
	if (!out->code)
		return err_sys(err, "%s", what);
	memcpy(out->code, c->code, c->count * sizeof(*c->code));
	if (fd_read_all(treefd, out->code + c->count, (size_t)size) != size) {
		free(out->code);
		return err_sys(err, "%s: read the program back", what);
	}
	return 0;
}

static int program_export(const char *what, scmp_filter_ctx ctx, const struct chain *c,
	struct seccomp_program *out, struct err *err)
{
	autofd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_sys(err, "%s: memfd_create", what);
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return sys_err(err, rc, what, "libseccomp cannot make a program of it");
	return program_join(what, c, fd, out, err);
}

int seccomp_program_build(const char *what, const struct seccomp_profile *profile,
	struct seccomp_program *ret, struct err *err)
{
	struct seccomp_program out = { 0 };
	struct chain *c = calloc(1, sizeof(*c));
	scmp_filter_ctx ctx;
	int r = -1;

	if (!c)
		return err_sys(err, "%s", what);
	/* Not what the kernel below can do: the program may be for another one. */
	seccomp_api_set(3);
	ctx = seccomp_init(profile->default_action);
	if (!ctx || tree_settings(ctx) < 0) {
		err_set(err, "%s: libseccomp does not start", what);
		goto out;
	}
	if (tree_fill(what, ctx, profile, &out, err) < 0)
		goto out;
	chain_build(c, profile);
	r = program_export(what, ctx, c, &out, err);
	if (!r)
		*ret = out;
out:
	if (ctx)
		seccomp_release(ctx);
	free(c);
	return r;
}
