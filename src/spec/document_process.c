#include "spec/document.h"

#include "base/num.h"
#include "spec/capname.h"
#include "spec/environment.h"
#include "spec/limitflag.h"
#include "spec/maclabel.h"
#include "spec/word.h"

#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/resource.h>

static const struct field user[] = {
	{"uid", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(document, uid)},
	{"gid", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(document, gid)},
	{"umask", FIELD_U32, FIELD_ALWAYS, AT(document, spec.process.umask)},
	{"additionalGids", FIELD_IDS, 0, AT(document, gids), N(document, gid_count)},
	{"username", FIELD_IGNORED, .why = "it is for Windows; uid and gid are what counts"},
	{NULL},
};

#define CAPS(name, set)                                                                            \
	{                                                                                          \
		name, FIELD_STRINGS, FIELD_ALWAYS, AT(document, caps[set].names),                  \
			N(document, caps[set].count)                                               \
	}

static const char *profile_check(const char *s)
{
	struct err ignored;

	return apparmor_check("", s, &ignored) == 0 ? NULL : "the name of a profile";
}

static const struct field capabilities[] = {
	CAPS("bounding", CAPSET_BOUNDING),
	CAPS("effective", CAPSET_EFFECTIVE),
	CAPS("permitted", CAPSET_PERMITTED),
	CAPS("inheritable", CAPSET_INHERITABLE),
	CAPS("ambient", CAPSET_AMBIENT),
	{NULL},
};
static const char *const capset_names[CAPSETS] = {
	[CAPSET_BOUNDING] = "bounding",
	[CAPSET_EFFECTIVE] = "effective",
	[CAPSET_PERMITTED] = "permitted",
	[CAPSET_INHERITABLE] = "inheritable",
	[CAPSET_AMBIENT] = "ambient",
};

static const struct field rlimit[] = {
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_rlimit, type)},
	{"hard", FIELD_U64, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_rlimit, hard)},
	{"soft", FIELD_U64, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_rlimit, soft)},
	{NULL},
};

static const struct field console_size[] = {
	{"height", FIELD_WIDE, 0, AT(document, rows)},
	{"width", FIELD_WIDE, 0, AT(document, columns)},
	{NULL},
};

static const struct field scheduler[] = {
	{"policy", FIELD_STRING, FIELD_REQUIRED, AT(document, policy)},
	{"nice", FIELD_INT, 0, AT(document, spec.process.scheduler.nice), .min = -20, .max = 19},
	{"priority", FIELD_INT, 0, AT(document, priority), .max = 99},
	{"flags", FIELD_STRINGS, 0, AT(document, policy_flags), N(document, policy_flag_count)},
	{"runtime", FIELD_U64, 0, AT(document, spec.process.scheduler.runtime_ns)},
	{"deadline", FIELD_U64, 0, AT(document, spec.process.scheduler.deadline_ns)},
	{"period", FIELD_U64, 0, AT(document, spec.process.scheduler.period_ns)},
	{NULL},
};

static const struct field io_priority[] = {
	{"class", FIELD_STRING, FIELD_REQUIRED, AT(document, io_class)},
	{"priority", FIELD_INT, FIELD_PRESENT, AT(document, spec.process.io_priority),
		N(document, has_io_priority), .max = 7},
	{NULL},
};

static const struct field affinity[] = {
	{"initial", FIELD_STRING, FIELD_FILLED, AT(document, spec.process.cpus_initial)},
	{"final", FIELD_STRING, FIELD_FILLED, AT(document, spec.process.cpus_final)},
	{NULL},
};

const struct field document_process_fields[] = {
	{"terminal", FIELD_BOOL, FIELD_ALWAYS, AT(document, spec.process.terminal)},
	{"consoleSize", FIELD_OBJECT, 0, .fields = console_size},
	{"user", FIELD_OBJECT, FIELD_ALWAYS, .fields = user},
	{"args", FIELD_STRINGS, FIELD_REQUIRED | FIELD_ALWAYS, AT(document, spec.process.argv),
		N(document, spec.process.argc)},
	{"commandLine", FIELD_IGNORED, .why = "it is for Windows; use args"},
	{"env", FIELD_STRINGS, 0, AT(document, spec.process.env), N(document, spec.process.envc)},
	{"cwd", FIELD_STRING, FIELD_REQUIRED, AT(document, spec.process.cwd),
		.check = document_path},
	{"capabilities", FIELD_OBJECT, 0, .fields = capabilities},
	{"rlimits", FIELD_ARRAY, 0, AT(document, rlimits), N(document, rlimit_count),
		EACH(document_rlimit, rlimit)},
	{"noNewPrivileges", FIELD_BOOL, FIELD_ALWAYS, AT(document, spec.process.no_new_privs)},
	{"apparmorProfile", FIELD_STRING, FIELD_FILLED, AT(document, spec.process.apparmor),
		.check = profile_check},
	{"selinuxLabel", FIELD_STRING, FIELD_FILLED, AT(document, spec.process.selinux),
		.check = document_label},
	{"oomScoreAdj", FIELD_INT, FIELD_PRESENT, AT(document, spec.process.oom_score_adj),
		N(document, spec.process.oom_score_adj_set), .min = -1000, .max = 1000},
	{"scheduler", FIELD_OBJECT, 0, .fields = scheduler},
	{"ioPriority", FIELD_OBJECT, 0, .fields = io_priority},
	{"execCPUAffinity", FIELD_OBJECT, 0, .fields = affinity},
	{NULL},
};

static const struct word resources[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
	{NULL},
};

static const struct word policies[] = {
	{"SCHED_OTHER", SCHED_NORMAL},
	{"SCHED_FIFO", SCHED_FIFO},
	{"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH},
	{"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
	{NULL},
};

static const struct word policy_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
	{NULL},
};

static const struct word io_classes[] = {
	{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
	{NULL},
};

static const char *id_text(struct walk *w, uint32_t id)
{
	return arena_printf(w->arena, "%u", id);
}

static const char *user_text(struct walk *w, const struct document *d)
{
	return arena_printf(w->arena, "%u:%u", d->uid, d->gid);
}

static int user_read(struct walk *w, struct document *d)
{
	struct process_spec *p = &d->spec.process;

	p->user = d->user ? d->user : user_text(w, d);
	if (d->groups) {
		p->groups = d->groups;
		p->groupc = d->group_count;
		return 0;
	}
	for (size_t i = 0; i < d->gid_count; i++)
		arena_push(w->arena, p->groups, p->groupc,
			(char *)(uintptr_t)id_text(w, d->gids[i]));
	return 0;
}

/* As we write it, which is as OCI does: one name, in capitals. */
static uint64_t cap_read(const char *name)
{
	char again[CAPS_TEXT_SIZE];
	struct err ignored;
	uint64_t mask;

	if (strncmp(name, "CAP_", 4) || caps_parse("", name, &mask, &ignored) < 0)
		return 0;
	return strcmp(caps_format(mask, again), name) ? 0 : mask;
}

/* The specification has runtimes warn about one that means nothing to them, and go on. */
static int cap_unknown(struct walk *w, enum cap_set set, size_t i, const char *name)
{
	size_t here = walk_enter(w, "capabilities", 0);

	walk_enter(w, capset_names[set], 0);
	walk_enter(w, NULL, i);
	if (!w->lenient)
		return walk_fail(w, "\"%.80s\" is not a capability", name);
	walk_warn(w, "\"%.80s\" is not a capability, and not given", name);
	walk_leave(w, here);
	return 0;
}

/* What the kernel would refuse is left out, with a warning. */
static void caps_confine(struct walk *w, uint64_t *caps, enum cap_set set, uint64_t within,
	const char *why)
{
	size_t here = walk_enter(w, "capabilities", 0);
	uint64_t lost = caps[set] & ~within;
	char text[CAPS_TEXT_SIZE];

	walk_enter(w, capset_names[set], 0);
	if (lost)
		walk_warn(w, "%.200s cannot be given: %s", caps_format(lost, text), why);
	caps[set] &= within;
	walk_leave(w, here);
}

static int caps_read(struct walk *w, struct document *d)
{
	uint64_t *caps = d->spec.process.caps;

	for (int set = 0; set < CAPSETS; set++) {
		for (size_t i = 0; i < d->caps[set].count; i++) {
			const char *name = d->caps[set].names[i];
			uint64_t cap = cap_read(name);
			if (!cap && cap_unknown(w, set, i, name) < 0)
				return -1;
			caps[set] |= cap;
		}
	}
	if (w->lenient) {
		caps_confine(w, caps, CAPSET_EFFECTIVE, caps[CAPSET_PERMITTED], "not permitted");
		/* Engines have left inheritable empty since CVE-2022-24769, and some, as `runc spec`
		 * itself, ambient as it was: each of their containers would warn. */
		if (!caps[CAPSET_INHERITABLE])
			caps[CAPSET_AMBIENT] = 0;
		caps_confine(w, caps, CAPSET_AMBIENT,
			caps[CAPSET_PERMITTED] & caps[CAPSET_INHERITABLE],
			"not both permitted and inheritable");
	}
	return 0;
}

static int rlimit_read(struct walk *w, const struct document_rlimit *from, struct process_spec *p)
{
	const struct word *resource = word_find(resources, from->type);
	struct rlimit_spec to = {-1, from->soft, from->hard};

	if (!resource)
		return walk_fail(w, "\"%.80s\" is not a resource", from->type);
	to.resource = (int)resource->value;
	if (to.soft > to.hard)
		return walk_fail(w, "soft is more than hard");
	for (size_t i = 0; i < p->rlimit_count; i++)
		if (p->rlimits[i].resource == to.resource) {
			if (!w->lenient)
				return walk_fail(w, "%s is there twice", from->type);
			walk_warn(w, "%s is there twice, and the last counts", from->type);
			p->rlimits[i] = to;
			return 0;
		}
	arena_push(w->arena, p->rlimits, p->rlimit_count, to);
	return 0;
}

static int rlimits_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "rlimits", 0);

	for (size_t i = 0; i < d->rlimit_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		if (rlimit_read(w, &d->rlimits[i], &d->spec.process) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

static int policy_flags_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "flags", 0);

	for (size_t i = 0; i < d->policy_flag_count; i++) {
		const struct word *f = word_find(policy_flags, d->policy_flags[i]);
		if (!f) {
			walk_enter(w, NULL, i);
			return walk_fail(w, "\"%.80s\" is not a flag of a scheduler",
				d->policy_flags[i]);
		}
		d->spec.process.scheduler.flags |= f->value;
	}
	walk_leave(w, here);
	return 0;
}

/* Each policy has parameters of its own; the kernel refuses those of another, or forgets them. */
static int policy_check(struct walk *w, const struct scheduler *s)
{
	bool fifo = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	bool deadline = s->policy == SCHED_DEADLINE;

	if (fifo != (s->priority > 0))
		return walk_fail(w, fifo ? "priority: must be 1 to 99 with this policy"
					 : "priority: is for SCHED_FIFO and SCHED_RR");
	if (s->nice && s->policy != SCHED_NORMAL && s->policy != SCHED_BATCH)
		return walk_fail(w, "nice: is for SCHED_OTHER and SCHED_BATCH");
	if (deadline && !s->runtime_ns)
		return walk_fail(w, "runtime: is missing");
	if (!deadline && (s->runtime_ns || s->deadline_ns || s->period_ns))
		return walk_fail(w, "runtime, deadline and period are for SCHED_DEADLINE");
	return 0;
}

static int scheduler_read(struct walk *w, struct document *d)
{
	struct scheduler *s = &d->spec.process.scheduler;
	size_t here = walk_enter(w, "scheduler", 0);
	const struct word *policy;

	if (d->policy) {
		policy = word_find(policies, d->policy);
		if (!policy)
			return walk_fail(w, "policy: the kernel has no \"%.80s\"", d->policy);
		s->set = true;
		s->policy = (uint32_t)policy->value;
		s->priority = (uint32_t)d->priority;
		if (policy_flags_read(w, d) < 0 || policy_check(w, s) < 0)
			return -1;
	}
	walk_leave(w, here);
	return 0;
}

static int io_priority_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "ioPriority", 0);
	const struct word *class;

	if (d->io_class) {
		class = word_find(io_classes, d->io_class);
		if (!class)
			return walk_fail(w, "class: \"%.80s\" is not a class", d->io_class);
		d->spec.process.io_class = (int)class->value;
	}
	walk_leave(w, here);
	return 0;
}

static int affinity_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "execCPUAffinity", 0);

	if (document_list_read(w, "initial", &d->spec.process.cpus_initial) < 0 ||
		document_list_read(w, "final", &d->spec.process.cpus_final) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

/* Without a terminal its size means nothing, says the specification. */
static void console_size_read(struct document *d)
{
	if (!d->spec.process.terminal)
		return;
	d->spec.process.rows = d->rows > UINT16_MAX ? UINT16_MAX : (uint16_t)d->rows;
	d->spec.process.columns = d->columns > UINT16_MAX ? UINT16_MAX : (uint16_t)d->columns;
}

int document_process_read(struct walk *w, struct document *d, const char *place)
{
	size_t here = *place ? walk_enter(w, place, 0) : w->len;

	if (!d->spec.process.argc)
		return walk_fail_in(w, "args", "must have at least one element");
	console_size_read(d);
	env_settle(&d->spec);
	d->spec.process.umask &= 0777; /* as umask(2) */
	if (user_read(w, d) < 0 || caps_read(w, d) < 0 || rlimits_read(w, d) < 0 ||
		scheduler_read(w, d) < 0 || io_priority_read(w, d) < 0 || affinity_read(w, d) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

/* "1000:1000" or "1000"; what has a name in it is for the container's own files to say. */
static void user_ids(struct document *d)
{
	const char *s = d->spec.process.user ? d->spec.process.user : "";
	const char *colon = strchrnul(s, ':');
	char text[16];

	if (colon - s >= (ptrdiff_t)sizeof(text))
		return;
	memcpy(text, s, (size_t)(colon - s));
	text[colon - s] = '\0';
	if (num_parse_u32(text, &d->uid) < 0 || d->uid == UINT32_MAX)
		d->uid = 0;
	if (*colon && (num_parse_u32(colon + 1, &d->gid) < 0 || d->gid == UINT32_MAX))
		d->gid = 0;
}

static void user_write(struct walk *w, struct document *d)
{
	struct process_spec *p = &d->spec.process;
	bool all = true;
	uint32_t gid;

	user_ids(d);
	if (strcmp(p->user ? p->user : "", user_text(w, d)))
		d->user = p->user ? p->user : "";
	for (size_t i = 0; i < p->groupc; i++) {
		bool is = num_parse_u32(p->groups[i], &gid) == 0 && gid != UINT32_MAX;

		if (is)
			arena_push(w->arena, d->gids, d->gid_count, gid);
		all = all && is && !strcmp(p->groups[i], id_text(w, gid));
	}
	d->groups = all ? NULL : p->groups;
	d->group_count = all ? 0 : p->groupc;
}

static void caps_write(struct walk *w, struct document *d)
{
	for (int set = 0; set < CAPSETS; set++)
		for (uint64_t left = d->spec.process.caps[set]; left; left &= left - 1) {
			char number[CAP_TEXT_SIZE];
			const char *name = cap_name((unsigned)__builtin_ctzll(left), number);

			if (name == number)
				name = arena_strdup(w->arena, number);
			arena_push(w->arena, d->caps[set].names, d->caps[set].count, name);
		}
}

static int rlimits_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.process.rlimit_count; i++) {
		const struct rlimit_spec *from = &d->spec.process.rlimits[i];
		struct document_rlimit to = {word_name(resources, (uint64_t)from->resource),
			from->soft, from->hard};

		if (!to.type)
			return walk_fail(w, "process.rlimits: resource %d has no name",
				from->resource);
		arena_push(w->arena, d->rlimits, d->rlimit_count, to);
	}
	return 0;
}

static void scheduler_write(struct walk *w, struct document *d)
{
	const struct scheduler *s = &d->spec.process.scheduler;

	if (!s->set)
		return;
	d->policy = word_name(policies, s->policy);
	d->priority = (int32_t)s->priority;
	for (const struct word *f = policy_flags; f->name; f++)
		if (s->flags & f->value)
			arena_push(w->arena, d->policy_flags, d->policy_flag_count, f->name);
}

int document_process_write(struct walk *w, struct document *d)
{
	const struct process_spec *p = &d->spec.process;

	user_write(w, d);
	caps_write(w, d);
	scheduler_write(w, d);
	d->io_class = word_name(io_classes, (uint64_t)p->io_class);
	d->has_io_priority = d->io_class;
	d->rows = p->rows;
	d->columns = p->columns;
	return rlimits_write(w, d);
}
