#include "process/seccomp_build.h"

#include "process/seccomp_names.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X32_BIT  0x40000000u
#define NEXT     255 /* a jump to the next rule, filled in when the rule is complete */
#define JUMP_MAX 250

enum { EQUALS_MAX = 100 }; /* two instructions each: within a jump */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { LOW_HALF = 0, HIGH_HALF = 4 };
#else
enum { LOW_HALF = 4, HIGH_HALF = 0 };
#endif

/* One instruction too many sets `full`. */
struct code {
	struct sock_filter op[BPF_MAXINSNS];
	size_t count;
	bool full;
};

static void emit(struct code *c, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (c->count == BPF_MAXINSNS) {
		c->full = true;
		return;
	}
	c->op[c->count++] = (struct sock_filter){op, jt, jf, k};
}

static void emit_load(struct code *c, size_t offset)
{
	emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_jump(struct code *c, uint16_t test, uint32_t k, uint8_t jt, uint8_t jf)
{
	emit(c, BPF_JMP | test | BPF_K, k, jt, jf);
}

static void emit_half(struct code *c, const struct seccomp_condition *cond, size_t half)
{
	emit_load(c, offsetof(struct seccomp_data, args) + cond->index * sizeof(uint64_t) + half);
}

static void emit_masked(struct code *c, const struct seccomp_condition *cond, size_t half,
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
static void emit_condition(struct code *c, const struct seccomp_condition *cond)
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

/* Jumps marked NEXT in op[from…] go to where the code ends now. */
static void resolve_next(struct code *c, size_t from)
{
	for (size_t i = from; i < c->count; i++) {
		struct sock_filter *f = &c->op[i];

		if (BPF_CLASS(f->code) != BPF_JMP || BPF_OP(f->code) == BPF_JA)
			continue;
		if (f->jt == NEXT)
			f->jt = (uint8_t)(c->count - i - 1);
		if (f->jf == NEXT)
			f->jf = (uint8_t)(c->count - i - 1);
	}
}

static void emit_return(struct code *c, uint32_t action)
{
	emit(c, BPF_RET | BPF_K, action, 0, 0);
}

static bool condition_equal(const struct seccomp_condition *a, const struct seccomp_condition *b)
{
	return a->index == b->index && a->op == b->op && a->value == b->value &&
	       (a->op != SCMP_CMP_MASKED_EQ || a->value_two == b->value_two);
}

/* The rules with conditions of one call, in order. */
struct call {
	const struct seccomp_rule **rules;
	size_t count;
};

static size_t call_run(const struct call *call, size_t from, size_t depth)
{
	const struct seccomp_condition *first = &call->rules[from]->conditions[depth];
	size_t i = from + 1;

	while (i < call->count && call->rules[i]->condition_count > depth &&
		condition_equal(first, &call->rules[i]->conditions[depth]))
		i++;
	return i - from;
}

/* What a condition of equality compares with what: an argument, cut to the mask, with the datum. */
struct equal {
	unsigned index;
	uint64_t mask, datum;
};

static bool rule_ends_equal(const struct seccomp_rule *rule, size_t depth, struct equal *ret)
{
	const struct seccomp_condition *cond = &rule->conditions[depth];
	bool masked = cond->op == SCMP_CMP_MASKED_EQ;

	if (rule->condition_count != depth + 1 || (!masked && cond->op != SCMP_CMP_EQ))
		return false;
	*ret = (struct equal){cond->index, masked ? cond->value : UINT64_MAX, cond->value};
	if (masked)
		ret->datum = cond->value_two & cond->value;
	return true;
}

/* Rules that end here and compare the same bits, alike in the upper half. */
static size_t call_equals(const struct call *call, size_t from, size_t depth)
{
	struct equal first, e;
	size_t n = 0;

	if (!rule_ends_equal(call->rules[from], depth, &first))
		return 0;
	while (n < EQUALS_MAX && from + n < call->count &&
		rule_ends_equal(call->rules[from + n], depth, &e) && e.index == first.index &&
		e.mask == first.mask && (e.datum ^ first.datum) >> 32 == 0)
		n++;
	return n;
}

/* Rules that compare with one value share the loads of the arguments; those in a row with the same action
 * share its return. */
static void emit_equals(struct code *c, const struct seccomp_rule **rules, size_t count,
	size_t depth)
{
	const struct seccomp_condition *cond = &rules[0]->conditions[depth];
	struct equal e = {0};
	size_t end;

	rule_ends_equal(rules[0], depth, &e);
	emit_masked(c, cond, HIGH_HALF, (uint32_t)(e.mask >> 32), (uint32_t)(e.datum >> 32));
	emit_half(c, cond, LOW_HALF);
	if ((uint32_t)e.mask != UINT32_MAX)
		emit(c, BPF_ALU | BPF_AND | BPF_K, (uint32_t)e.mask, 0, 0);
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && rules[end]->action == rules[i]->action; end++)
			;
		for (size_t k = i; k < end; k++) {
			rule_ends_equal(rules[k], depth, &e);
			emit_jump(c, BPF_JEQ, (uint32_t)e.datum, (uint8_t)(end - 1 - k),
				k == end - 1);
		}
		emit_return(c, rules[i]->action);
	}
}

static void emit_shared(struct code *c, const struct call *call, size_t depth);

/* The rules from there on that begin alike: how many they are. Falls through where none matches. */
static size_t emit_run(struct code *c, const struct call *call, size_t at, size_t depth)
{
	struct call run = {call->rules + at, call_equals(call, at, depth)};
	size_t from = c->count;

	if (run.count > 1) {
		emit_equals(c, run.rules, run.count, depth);
	} else {
		run.count = call_run(call, at, depth);
		emit_condition(c, &run.rules[0]->conditions[depth]);
		emit_shared(c, &run, depth + 1);
	}
	resolve_next(c, from);
	return run.count;
}

/* Rules that begin alike test what they share once. */
static void emit_shared(struct code *c, const struct call *call, size_t depth)
{
	for (size_t i = 0; i < call->count && !c->full;) {
		if (call->rules[i]->condition_count == depth) {
			emit_return(c, call->rules[i]->action);
			return;
		}
		i += emit_run(c, call, i, depth);
	}
}

/* A rule is at most 6 conditions of 5 instructions. */
static void emit_rule(struct code *c, const struct seccomp_rule *rule)
{
	size_t from = c->count;

	for (size_t i = 0; i < rule->condition_count; i++)
		emit_condition(c, &rule->conditions[i]);
	emit_return(c, rule->action);
	resolve_next(c, from);
}

static void emit_call(struct code *c, const struct call *call)
{
	for (size_t i = 0; i < call->count && !c->full;) {
		size_t from = c->count, n = emit_run(c, call, i, 0);

		if (c->count - from > JUMP_MAX && !c->full) {
			c->count = from;
			for (size_t k = i; k < i + n; k++)
				emit_rule(c, call->rules[k]);
		}
		i += n;
	}
}

/* The numbers from `start` to the next range's are answered alike. */
struct range {
	uint32_t start;
	uint32_t action;
	struct call call; /* of the one call that is tried before the action */
};

/* One ABI's answers. */
struct table {
	struct range *ranges;
	size_t count;
	const struct seccomp_rule **rules; /* what the calls above point into */
	size_t rule_count;
};

static size_t distance(size_t from, size_t to)
{
	return to - from - 1;
}

/* if (number >= k) goto right; left…; right…. Opens the long form first and shortens it. */
static void emit_tree(struct code *c, const struct range *r, size_t count)
{
	size_t half = count / 2, test = c->count, left;

	if (c->full)
		return;
	if (count == 1) {
		emit_call(c, &r->call);
		emit_return(c, r->action);
		return;
	}
	emit_jump(c, BPF_JGE, r[half].start, 0, 1);
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	left = c->count;
	emit_tree(c, r, half);
	if (c->full)
		return;
	if (c->count - left <= JUMP_MAX) {
		memmove(&c->op[left - 1], &c->op[left], (c->count - left) * sizeof(*c->op));
		c->count--;
		c->op[test].jt = (uint8_t)distance(test, c->count);
		c->op[test].jf = 0;
	} else {
		c->op[test + 1].k = (uint32_t)distance(test + 1, c->count);
	}
	emit_tree(c, r + half, count - half);
}

struct numbered {
	uint32_t nr;
	size_t order;
	const struct seccomp_rule *rule;
};

static int numbered_compare(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static size_t numbered_collect(const struct seccomp_profile *p, uint32_t arch, struct numbered *out)
{
	size_t count = 0;

	for (size_t i = 0; i < p->rule_count; i++) {
		int nr = syscall_number_on(arch, p->rules[i].name);

		if (nr >= 0)
			out[count++] = (struct numbered){(uint32_t)nr, i, &p->rules[i]};
	}
	qsort(out, count, sizeof(*out), numbered_compare);
	return count;
}

/* A range that answers as the one before it is the same range. */
static void table_add(struct table *t, uint32_t start, uint32_t action, struct call call)
{
	const struct range *last = t->count ? &t->ranges[t->count - 1] : NULL;

	if (last && last->action == action && !last->call.count && !call.count)
		return;
	t->ranges[t->count++] = (struct range){start, action, call};
}

/* All rules of one number: those with conditions become the call, the first without the action. */
static size_t table_add_number(struct table *t, const struct numbered *n, size_t count,
	uint32_t action)
{
	struct call call = {t->rules + t->rule_count, 0};
	bool decided = false;
	size_t i;

	for (i = 0; i < count && n[i].nr == n->nr; i++) {
		if (n[i].rule->condition_count)
			call.rules[call.count++] = n[i].rule;
		else if (!decided)
			action = n[i].rule->action;
		decided |= !n[i].rule->condition_count;
	}
	t->rule_count += call.count;
	table_add(t, n->nr, action, call);
	return i;
}

static uint32_t action_of_new_calls(const struct seccomp_profile *p)
{
	return (p->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
		       ? SCMP_ACT_ERRNO(ENOSYS)
		       : p->default_action;
}

static const struct call no_call;

/* x32 shares the audit architecture of x86-64 and tells itself apart by a bit of the number, so
 * its calls follow in the same table, or the process ends. */
static void table_fill(struct table *t, const struct seccomp_profile *p, struct numbered *n,
	uint32_t arch)
{
	size_t count = numbered_collect(p, arch, n);
	uint32_t next = arch == SCMP_ARCH_X32 ? X32_BIT : 0;

	for (size_t i = 0; i < count;) {
		uint32_t nr = n[i].nr;

		if (nr > next)
			table_add(t, next, p->default_action, no_call);
		i += table_add_number(t, &n[i], count - i, p->default_action);
		next = nr + 1;
	}
	table_add(t, next, count ? action_of_new_calls(p) : p->default_action, no_call);
}

static bool profile_has(const struct seccomp_profile *p, uint32_t arch)
{
	for (size_t i = 0; i < p->arch_count; i++)
		if (p->arches[i] == arch)
			return true;
	return false;
}

/* -1 is how a tracer skips a call. */
static void x32_close(struct table *t, const struct seccomp_profile *p)
{
	table_add(t, X32_BIT, SCMP_ACT_KILL_PROCESS, no_call);
	table_add(t, UINT32_MAX, p->default_action, no_call);
}

static void emit_arch(struct code *c, const struct seccomp_profile *p, struct table *t,
	struct numbered *n, uint32_t arch)
{
	size_t skip;

	t->count = t->rule_count = 0;
	table_fill(t, p, n, arch);
	if (arch == SCMP_ARCH_X86_64 && profile_has(p, SCMP_ARCH_X32))
		table_fill(t, p, n, SCMP_ARCH_X32);
	else if (arch == SCMP_ARCH_X86_64)
		x32_close(t, p);
	emit_jump(c, BPF_JEQ, arch, 1, 0);
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	skip = c->count - 1;
	emit_load(c, offsetof(struct seccomp_data, nr));
	emit_tree(c, t->ranges, t->count);
	c->op[skip].k = (uint32_t)distance(skip, c->count);
}

static void emit_program(struct code *c, const struct seccomp_profile *p, struct table *t,
	struct numbered *n)
{
	emit_load(c, offsetof(struct seccomp_data, arch));
	emit_arch(c, p, t, n, seccomp_arch_native());
	for (size_t i = 0; i < p->arch_count && !c->full; i++)
		if (p->arches[i] != SCMP_ARCH_X32)
			emit_arch(c, p, t, n, p->arches[i]);
	emit_return(c, SCMP_ACT_KILL_PROCESS);
}

static void name_note(char *list, size_t size, const char *name)
{
	size_t used = strlen(list);

	if (used + strlen(name) + 2 < size)
		snprintf(list + used, size - used, "%s%s", used ? " " : "", name);
}

static bool permits(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

static void unknown_note(struct seccomp_program *out, const struct seccomp_profile *p)
{
	const char *last = "";

	for (size_t i = 0; i < p->rule_count; i++) {
		const struct seccomp_rule *r = &p->rules[i];

		/* One entry may have made several rules. */
		if (!strcmp(r->name, last) || syscall_number(r->name) != __NR_SCMP_ERROR)
			continue;
		last = r->name;
		out->unknown++;
		name_note(out->unknown_names, sizeof(out->unknown_names), r->name);
		if (permits(p->default_action) && !permits(r->action))
			name_note(out->unruled_names, sizeof(out->unruled_names), r->name);
	}
}

int seccomp_program_build(const char *what, const struct seccomp_profile *profile,
	struct seccomp_program *ret, struct err *err)
{
	/* Both ABIs of x86-64 in one table, each rule a range and a gap; and the ends. */
	size_t rules = profile->rule_count;
	struct arena arena = {0};
	struct table t = {
		.ranges = arena_alloc(&arena, (4 * rules + 8) * sizeof(*t.ranges)),
		.rules = arena_alloc(&arena, (2 * rules + 1) * sizeof(*t.rules)),
	};
	struct numbered *n = arena_alloc(&arena, (rules + 1) * sizeof(*n));
	struct code *c = arena_alloc(&arena, sizeof(*c));
	struct seccomp_program out = {0};
	int r = -1;

	emit_program(c, profile, &t, n);
	unknown_note(&out, profile);
	out.count = c->count;
	out.code = malloc(out.count * sizeof(*out.code));
	if (c->full) {
		err_set(err,
			"%s: the program would be longer than the %d instructions that the "
			"kernel takes",
			what, BPF_MAXINSNS);
	} else if (!out.code) {
		err_sys(err, "%s", what);
	} else {
		memcpy(out.code, c->op, out.count * sizeof(*out.code));
		*ret = out;
		r = 0;
	}
	if (r < 0)
		free(out.code);
	arena_free(&arena);
	return r;
}
