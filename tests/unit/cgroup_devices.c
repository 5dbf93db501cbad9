#include "cgroup/devices.h"

#include <criterion/criterion.h>
#include <string.h>

enum { M = BPF_DEVCG_ACC_MKNOD, R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE };

/* Runs the few instructions that the compiler may emit; anything else, and any jump out of the
 * program, fails the test. */
static int run(const struct device_program *p, struct bpf_cgroup_dev_ctx ctx)
{
	uint64_t r[11] = {0};

	for (size_t pc = 0;; pc++) {
		const struct bpf_insn *i;
		uint64_t *d, k;
		bool jump = false;

		cr_assert_lt(pc, p->count, "runs off its end");
		i = &p->insns[pc];
		d = &r[i->dst_reg];
		k = (uint64_t)(int64_t)i->imm;
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			cr_assert(i->src_reg == 1 && i->off >= 0 && i->off + 4 <= (int)sizeof(ctx));
			*d = *(const uint32_t *)((const char *)&ctx + i->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*d = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*d = k;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*d &= k;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*d >>= k;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			jump = (uint32_t)*d != (uint32_t)k;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			jump = *d != k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			jump = (*d & k) != 0;
			break;
		case BPF_JMP | BPF_JA:
			jump = true;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			cr_assert_fail("instruction %#x", i->code);
		}
		if (jump)
			pc += (size_t)i->off;
	}
}

static int ask(const struct device_rule *rules, size_t n, char type, uint32_t major, uint32_t minor,
	uint32_t access)
{
	struct device_program p;
	struct err err = {0};
	uint32_t kind = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	int r;

	cr_assert_eq(cgroup_devices_plan(rules, n, &p, &err), 0, "%s", err.text);
	r = run(&p, (struct bpf_cgroup_dev_ctx){access << 16 | kind, major, minor});
	free(p.insns);
	return r;
}

Test(devices, nothing_named_is_denied)
{
	cr_assert_eq(ask(NULL, 0, 'c', 1, 3, R), 0);
}

Test(devices, usual_list)
{
	static const struct device_rule r[] = {
		{false, 'a', -1, -1, "rwm"},
		{true, 'c', -1, -1, "m"},
		{true, 'b', -1, -1, "m"},
		{true, 'c', 1, 3, "rwm"},
		{true, 'c', 136, -1, "rwm"},
		{true, 'c', 10, 200, "rw"},
	};

	cr_assert_eq(ask(r, 6, 'c', 1, 3, R | W), 1);
	cr_assert_eq(ask(r, 6, 'b', 1, 3, R | W), 0);
	cr_assert_eq(ask(r, 6, 'c', 1, 5, R), 0);
	cr_assert_eq(ask(r, 6, 'c', 136, 77, R | W | M), 1);
	cr_assert_eq(ask(r, 6, 'b', 8, 0, M), 1);
	cr_assert_eq(ask(r, 6, 'b', 8, 0, M | R), 0);
	cr_assert_eq(ask(r, 6, 'c', 10, 200, R | W | M), 1, "m and rw by different rules");
}

Test(devices, later_rules_win_access_by_access)
{
	static const struct device_rule r[] = {{true, 'a', -1, -1, "rwm"}, {false, 'b', 8, 0, "w"},
		{true, 'b', -1, 0, "r"}};
	static const struct device_rule s[] = {{true, 'c', 1, 3, "r"}, {true, 'c', 1, 3, "w"}};

	cr_assert_eq(ask(r, 3, 'b', 8, 0, R), 1);
	cr_assert_eq(ask(r, 3, 'b', 8, 0, W), 0);
	cr_assert_eq(ask(r, 3, 'b', 8, 0, R | W), 0, "a denied w denies rw");
	cr_assert_eq(ask(r, 3, 'b', 8, 1, R | W), 1);
	cr_assert_eq(ask(r, 2, 'b', 8, 0, M | R), 1);
	cr_assert_eq(ask(s, 2, 'c', 1, 3, R | W), 1);
	cr_assert_eq(ask(s, 1, 'c', 1, 3, R | W), 0);
	cr_assert_eq(ask(s, 2, 'c', 1, 3, R | W | M), 0);
}

Test(devices, large_numbers)
{
	static const struct device_rule r[] = {{true, 'c', UINT32_MAX, 4294967294, "rwm"}};

	cr_assert_eq(ask(r, 1, 'c', UINT32_MAX, 4294967294, R), 1);
	cr_assert_eq(ask(r, 1, 'c', 0x7fffffff, 4294967294, R), 0);
}

Test(devices, as_the_rules_say_for_every_question)
{
	static const char *const accesses[] = {"r", "w", "m", "rw", "rm", "wm", "rwm"};
	static const uint32_t bits[] = {R, W, M, R | W, R | M, W | M, R | W | M};
	uint32_t seed = 12345;

	for (int round = 0; round < 2000; round++) {
		struct device_rule r[6];
		int which[6];
		size_t n = seed % 7;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			which[i] = (int)((seed >> 16) % 7);
			r[i] = (struct device_rule){(seed >> 8) & 1, "abc"[(seed >> 20) % 3],
				(int64_t)((seed >> 24) % 3) - 1, (int64_t)((seed >> 12) % 3) - 1,
				accesses[which[i]]};
		}
		seed = seed * 1103515245 + 12345;
		for (uint32_t q = 0; q < 56; q++) {
			char type = q & 1 ? 'b' : 'c';
			uint32_t major = q >> 1 & 1, minor = q >> 2 & 1, want = bits[q / 8];
			uint32_t allowed = 0;

			for (size_t i = 0; i < n; i++) {
				if ((r[i].type != 'a' && r[i].type != type) ||
					(r[i].major >= 0 && r[i].major != major) ||
					(r[i].minor >= 0 && r[i].minor != minor))
					continue;
				allowed = r[i].allow ? allowed | bits[which[i]]
						     : allowed & ~bits[which[i]];
			}
			cr_assert_eq(ask(r, n, type, major, minor, want), (want & ~allowed) == 0,
				"round %d, question %u", round, q);
		}
	}
}

Test(devices, refusals)
{
	struct device_program p;
	static const struct device_rule bad[] = {
		{true, 'x', 1, 3, "r"},
		{true, 0, 1, 3, "r"},
		{true, 'c', -2, 3, "r"},
		{true, 'c', 1, 4294967296, "r"},
		{true, 'c', 1, 3, ""},
		{true, 'c', 1, 3, NULL},
		{true, 'c', 1, 3, "rx"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(cgroup_devices_plan(&bad[i], 1, &p, &err), -1, "rule %zu", i);
}

Test(devices, as_many_as_a_host_has)
{
	enum { MANY = 20000 };
	struct device_rule *many = calloc(MANY, sizeof(*many));

	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct device_rule){i & 1, 'c', 1 + (int64_t)i / 250, (int64_t)i % 250,
			i & 2 ? "rw" : "m"};
	cr_assert_eq(ask(many, MANY, 'c', 1, 3, R), 1);
	cr_assert_eq(ask(many, MANY, 'c', 1, 2, R), 0);
	cr_assert_eq(ask(many, MANY, 'c', 999, 3, R), 0);
	free(many);
}
