#include "cgroup/devices.h"

#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define PROGRAM_NAME "ctr_devices"

enum { INSNS_OF_RULE = 8, INSNS_AROUND = 16 };
enum { ACCESS_ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE };

/* Where the program keeps what was asked for; R1 holds its argument, R0 its answer. */
enum { R_TYPE = BPF_REG_2, R_ACCESS = BPF_REG_3, R_MAJOR = BPF_REG_4, R_MINOR = BPF_REG_5 };

static void emit(struct device_program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
	int32_t imm)
{
	p->insns[p->count++] = (struct bpf_insn){.code = code,
		.dst_reg = dst,
		.src_reg = src,
		.off = off,
		.imm = imm};
}

static void emit_answer(struct device_program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_load(struct device_program *p, uint8_t dst, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, (int16_t)offset, 0);
}

static void emit_start(struct device_program *p)
{
	emit_load(p, R_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, R_ACCESS, R_TYPE, 0, 0);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16);
	emit_load(p, R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Jumps to the next rule unless reg holds value; where that is, is filled in afterwards. */
static void emit_match(struct device_program *p, uint8_t reg, uint32_t value)
{
	emit(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

static void patch_matches(struct device_program *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p->insns[i].off = (int16_t)(p->count - i - 1);
}

/* R_ACCESS holds what is still undecided: an allowing rule takes its bits away and answers once
 * none is left, a denying rule answers if one of its bits is. So "rw" needs both, whichever rules
 * grant them, and a denied "w" denies "rw" too. */
static void emit_decision(struct device_program *p, bool allow, int access)
{
	if (access == ACCESS_ALL) {
		emit_answer(p, allow);
	} else if (allow) {
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, R_ACCESS, 0, 0, ~access);
		emit(p, BPF_JMP | BPF_JNE | BPF_K, R_ACCESS, 0, 2, 0);
		emit_answer(p, true);
	} else {
		emit(p, BPF_JMP | BPF_JSET | BPF_K, R_ACCESS, 0, 1, access);
		emit(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		emit_answer(p, false);
	}
}

/* 0 if it is not an access. */
static int access_parse(const char *s)
{
	int access = 0;

	for (; s && *s; s++) {
		int bit = *s == 'r'   ? BPF_DEVCG_ACC_READ
			  : *s == 'w' ? BPF_DEVCG_ACC_WRITE
			  : *s == 'm' ? BPF_DEVCG_ACC_MKNOD
				      : 0;
		if (!bit)
			return 0;
		access |= bit;
	}
	return access;
}

static int rule_check(const struct device_rule *r, size_t index, struct err *err)
{
	if (r->type != 'a' && r->type != 'b' && r->type != 'c')
		return err_set(err, "device rule %zu: type must be a, b or c", index + 1);
	if (r->major < -1 || r->major > UINT32_MAX || r->minor < -1 || r->minor > UINT32_MAX)
		return err_set(err, "device rule %zu: no device has the number %lld:%lld",
			index + 1, (long long)r->major, (long long)r->minor);
	if (access_parse(r->access) == 0)
		return err_set(err,
			"device rule %zu: access must be some of r, w and m, not \"%s\"", index + 1,
			r->access ? r->access : "");
	return 0;
}

/* Whether the rule decides everything, so that no earlier one counts. */
static bool rule_final(const struct device_rule *r, int access)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0 && access == ACCESS_ALL;
}

static void emit_rule(struct device_program *p, const struct device_rule *r, int access)
{
	size_t from = p->count, to;

	if (r->type != 'a')
		emit_match(p, R_TYPE, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major >= 0)
		emit_match(p, R_MAJOR, (uint32_t)r->major);
	if (r->minor >= 0)
		emit_match(p, R_MINOR, (uint32_t)r->minor);
	to = p->count;
	emit_decision(p, r->allow, access);
	patch_matches(p, from, to);
}

int cgroup_devices_plan(const struct device_rule *rules, size_t count, struct device_program *ret,
	struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (rule_check(&rules[i], i, err) < 0)
			return -1;
	*ret = (struct device_program){
		calloc(count * INSNS_OF_RULE + INSNS_AROUND, sizeof(*ret->insns)), 0};
	if (!ret->insns)
		return err_sys(err, "compile %zu device rules", count);
	emit_start(ret);
	for (size_t i = count; i-- > 0;) {
		int access = access_parse(rules[i].access);

		emit_rule(ret, &rules[i], access);
		/* The verifier refuses instructions that nothing reaches. */
		if (rule_final(&rules[i], access))
			return 0;
	}
	emit_answer(ret, false);
	return 0;
}

/* The kernel refuses attributes with bytes set behind those it knows, padding included. */
static union bpf_attr attr_empty(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	return attr;
}

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int program_refused(union bpf_attr *attr, struct err *err)
{
	char log[4096] = "";
	autofd int fd = -1;
	size_t len;

	err_sys(err, "load the device rules");
	if (err->sys == EPERM)
		return err_hint(err, "that needs CAP_BPF and CAP_SYS_ADMIN outside of any user "
				     "namespace");
	if (err->sys != EINVAL && err->sys != EACCES)
		return -1;
	attr->log_level = 1;
	attr->log_buf = (uintptr_t)log;
	attr->log_size = sizeof(log);
	fd = bpf(BPF_PROG_LOAD, attr);
	len = strnlen(log, sizeof(log) - 1);
	return err_hint(err, "the verifier says: %s", log + (len > 200 ? len - 200 : 0));
}

static int program_load(const struct device_program *p, struct err *err)
{
	union bpf_attr attr = attr_empty();
	int fd;

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->count;
	attr.license = (uintptr_t) "";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	fd = bpf(BPF_PROG_LOAD, &attr);
	return fd < 0 ? program_refused(&attr, err) : fd;
}

/* old_fd: the program to take the place of, or -1. */
static int program_attach(int group_fd, int fd, int old_fd, struct err *err)
{
	union bpf_attr attr = attr_empty();

	attr.target_fd = (uint32_t)group_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
	}
	if (bpf(BPF_PROG_ATTACH, &attr) == 0)
		return 0;
	err_sys(err, "attach the device rules to the cgroup");
	if (err->sys == EPERM)
		err_hint(err, "a group above it may hold device rules that allow no others below");
	return -1;
}

static bool program_is_ours(int fd)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = attr_empty();

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info = (uintptr_t)&info;
	attr.info.info_len = sizeof(info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && strcmp(info.name, PROGRAM_NAME) == 0;
}

static int program_open(uint32_t id)
{
	union bpf_attr attr = attr_empty();

	attr.prog_id = id;
	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

/* *ret_fd is -1 if there is none of ours. */
static int program_find(int group_fd, int *ret_fd, struct err *err)
{
	uint32_t ids[64];
	union bpf_attr attr = attr_empty();

	attr.query.target_fd = (uint32_t)group_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = sizeof(ids) / sizeof(*ids);
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return err_sys(err, "ask for the device rules of the cgroup");
	*ret_fd = -1;
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++) {
		autofd int fd = program_open(ids[i]);

		if (fd < 0 && errno != ENOENT)
			return err_sys(err, "open the device rules of the cgroup");
		if (fd >= 0 && program_is_ours(fd)) {
			*ret_fd = take_fd(&fd);
			break;
		}
	}
	return 0;
}

static int rules_load(const struct device_rule *rules, size_t count, struct err *err)
{
	struct device_program p;
	int fd;

	if (cgroup_devices_plan(rules, count, &p, err) < 0)
		return -1;
	fd = program_load(&p, err);
	free(p.insns);
	return fd;
}

int cgroup_devices_attach(int group_fd, const struct device_rule *rules, size_t count,
	struct err *err)
{
	autofd int fd = rules_load(rules, count, err);

	return fd < 0 ? -1 : program_attach(group_fd, fd, -1, err);
}

int cgroup_devices_replace(int group_fd, const struct device_rule *rules, size_t count,
	struct err *err)
{
	autofd int fd = rules_load(rules, count, err);
	autofd int old = -1;

	if (fd < 0 || program_find(group_fd, &old, err) < 0)
		return -1;
	return program_attach(group_fd, fd, old, err);
}
