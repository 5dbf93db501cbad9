#include "spec/document.h"

#include "base/fd.h"

#include <string.h>

enum { NAME_MAX_BYTES = 64, ERRNO_MAX = 4095, LAST_ARGUMENT = 5 };

#define NOTIFY         "SCMP_ACT_NOTIFY"
#define WAIT_KILLABLE  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
#define NEEDS_LISTENER "needs a listenerPath in linux.seccomp: somebody has to answer"

const char *const document_seccomp_actions[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL",
	"SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", NOTIFY, "SCMP_ACT_TRACE",
	"SCMP_ACT_TRAP", NULL};
const char *const document_seccomp_operators[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
	"SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL};
const char *const document_seccomp_arches[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
	"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_NATIVE", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", "SCMP_ARCH_X32", "SCMP_ARCH_X86",
	"SCMP_ARCH_X86_64", NULL};
const char *const document_seccomp_flags[] = {"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", WAIT_KILLABLE, NULL};

static bool listed(const char *const *list, const char *s)
{
	while (*list && strcmp(*list, s))
		list++;
	return *list;
}

static const char *action_check(const char *s)
{
	return listed(document_seccomp_actions, s) ? NULL : "an action such as SCMP_ACT_ERRNO";
}

static const char *operator_check(const char *s)
{
	return listed(document_seccomp_operators, s) ? NULL : "an operator such as SCMP_CMP_EQ";
}

static const char *arch_check(const char *s)
{
	return listed(document_seccomp_arches, s) ? NULL : "an architecture such as SCMP_ARCH_X86";
}

static const char *flag_check(const char *s)
{
	return listed(document_seccomp_flags, s) ? NULL : "a flag such as SECCOMP_FILTER_FLAG_LOG";
}

struct argument {
	uint32_t index;
	uint64_t value, value_two;
	bool has_value_two;
	const char *op;
};

/* What only docker's profiles have is passed on as it is. */
struct call {
	const char *action;
	uint32_t error;
	bool has_error;
	struct argument *arguments;
	size_t argument_count;
	json_t *names, *name, *error_name, *includes, *excludes, *comment;
};

struct profile {
	const char *action;
	uint32_t error;
	bool has_error;
	const char **arches, **flags;
	size_t arch_count, flag_count;
	struct call *calls;
	size_t call_count;
	const char *listener, *metadata;
	json_t *error_name, *arch_map, *comment;
};

static const struct field argument[] = {
	{"index", FIELD_U32, FIELD_REQUIRED | FIELD_ALWAYS, AT(argument, index),
		.max = LAST_ARGUMENT},
	{"value", FIELD_WIDE, FIELD_REQUIRED | FIELD_ALWAYS, AT(argument, value)},
	{"valueTwo", FIELD_WIDE, FIELD_PRESENT, AT(argument, value_two),
		N(argument, has_value_two)},
	{"op", FIELD_STRING, FIELD_REQUIRED, AT(argument, op), .check = operator_check},
	{NULL},
};

static const struct field call[] = {
	{"names", FIELD_JSON, 0, AT(call, names)},
	{"action", FIELD_STRING, FIELD_REQUIRED, AT(call, action), .check = action_check},
	{"errnoRet", FIELD_U32, FIELD_PRESENT, AT(call, error), N(call, has_error),
		.max = ERRNO_MAX},
	{"args", FIELD_ARRAY, 0, AT(call, arguments), N(call, argument_count),
		EACH(argument, argument)},
	{"name", FIELD_JSON, 0, AT(call, name)},
	{"errno", FIELD_JSON, 0, AT(call, error_name)},
	{"includes", FIELD_JSON, 0, AT(call, includes)},
	{"excludes", FIELD_JSON, 0, AT(call, excludes)},
	{"comment", FIELD_JSON, 0, AT(call, comment)},
	{NULL},
};

static const struct field profile[] = {
	{"defaultAction", FIELD_STRING, FIELD_REQUIRED, AT(profile, action), .check = action_check},
	{"defaultErrnoRet", FIELD_U32, FIELD_PRESENT, AT(profile, error), N(profile, has_error),
		.max = ERRNO_MAX},
	{"architectures", FIELD_STRINGS, 0, AT(profile, arches), N(profile, arch_count),
		.check = arch_check},
	{"flags", FIELD_STRINGS, 0, AT(profile, flags), N(profile, flag_count),
		.check = flag_check},
	{"syscalls", FIELD_ARRAY, 0, AT(profile, calls), N(profile, call_count), EACH(call, call)},
	{"listenerPath", FIELD_STRING, FIELD_FILLED, AT(profile, listener), .check = document_path},
	{"listenerMetadata", FIELD_STRING, FIELD_FILLED, AT(profile, metadata)},
	{"defaultErrno", FIELD_JSON, 0, AT(profile, error_name)},
	{"archMap", FIELD_JSON, 0, AT(profile, arch_map)},
	{"comment", FIELD_JSON, 0, AT(profile, comment)},
	{NULL},
};

/* Go writes an empty list or object as null. */
static void nulls_drop(json_t *j)
{
	const char *key;
	json_t *v;
	void *next;
	size_t i;

	json_object_foreach_safe(j, next, key, v)
	{
		if (json_is_null(v))
			json_object_del(j, key);
		else
			nulls_drop(v);
	}
	json_array_foreach (j, i, v)
		nulls_drop(v);
}

/* 1 if it may be one; 0 if it is none, as newer kernels have none either. */
static int name_check(struct walk *w, const json_t *v)
{
	const char *name = json_string_value(v);

	if (!name)
		return walk_fail(w, "must be a string");
	if (*name && json_string_length(v) <= NAME_MAX_BYTES &&
		!name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")])
		return 1;
	if (!w->lenient)
		return walk_fail(w, "\"%.80s\" is no name of a system call", name);
	walk_warn(w, "\"%.80s\" is no name of a system call, and has no effect", name);
	return 0;
}

/* Hundreds of them, in each start of an engine: not copied. */
static int names_check(struct walk *w, json_t *names)
{
	size_t here = walk_enter(w, "names", 0), place = 0;

	if (!names)
		return walk_fail(w, "is missing");
	if (!json_is_array(names) || (!w->lenient && json_array_size(names) == 0))
		return walk_fail(w, "must be an array of at least one name");
	if (json_array_size(names) == 0)
		walk_warn(w, "has none, so that the entry has no effect");
	for (size_t i = 0; i < json_array_size(names); place++) {
		size_t list = walk_enter(w, NULL, place);
		int is = name_check(w, json_array_get(names, i));

		if (is < 0)
			return -1;
		if (is)
			i++;
		else
			json_array_remove(names, i);
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

static bool returns_error(const char *action)
{
	return !strcmp(action, "SCMP_ACT_ERRNO") || !strcmp(action, "SCMP_ACT_TRACE");
}

#define RETURNS_NONE "the action returns none"

static int call_check(struct walk *w, const struct call *c, bool listener)
{
	if (!strcmp(c->action, NOTIFY) && !listener)
		return walk_fail_in(w, "action", NOTIFY " " NEEDS_LISTENER);
	if (c->has_error && !returns_error(c->action))
		return walk_fail_in(w, "errnoRet", RETURNS_NONE);
	return c->name ? 0 : names_check(w, c->names);
}

static bool notifies(const struct profile *p)
{
	bool is = !strcmp(p->action, NOTIFY);

	for (size_t i = 0; i < p->call_count && !is; i++)
		is = !strcmp(p->calls[i].action, NOTIFY);
	return is;
}

static int listener_check(struct walk *w, struct profile *p)
{
	size_t here;

	if (!p->listener && p->metadata && !w->lenient)
		return walk_fail_in(w, "listenerMetadata", "must not be set without listenerPath");
	if (!p->listener && p->metadata) {
		here = walk_enter(w, "listenerMetadata", 0);
		walk_warn(w, "is ignored: there is no listenerPath");
		walk_leave(w, here);
		p->metadata = NULL;
	}
	if (!p->listener && !strcmp(p->action, NOTIFY))
		return walk_fail_in(w, "defaultAction", NOTIFY " " NEEDS_LISTENER);
	for (size_t i = 0; !p->listener && i < p->flag_count; i++)
		if (!strcmp(p->flags[i], WAIT_KILLABLE))
			return walk_fail_in(w, "flags", WAIT_KILLABLE " " NEEDS_LISTENER);
	if (p->listener && !notifies(p)) {
		here = walk_enter(w, "listenerPath", 0);
		walk_warn(w, "is ignored: no action is " NOTIFY);
		walk_leave(w, here);
	}
	return 0;
}

/* An entry that names nothing is left out. */
static bool is_empty(const struct call *c)
{
	return !c->name && json_array_size(c->names) == 0;
}

static int profile_check(struct walk *w, struct profile *p)
{
	size_t here, kept = 0;

	if (p->has_error && !returns_error(p->action))
		return walk_fail_in(w, "defaultErrnoRet", RETURNS_NONE);
	if (listener_check(w, p) < 0)
		return -1;
	here = walk_enter(w, "syscalls", 0);
	for (size_t i = 0; i < p->call_count; i++) {
		size_t list = walk_enter(w, NULL, i);

		if (call_check(w, &p->calls[i], p->listener) < 0)
			return -1;
		walk_leave(w, list);
		if (!is_empty(&p->calls[i]))
			p->calls[kept++] = p->calls[i];
	}
	p->call_count = kept;
	walk_leave(w, here);
	return 0;
}

/* Without what has no effect; who listens to it is not for the one who compiles it. */
static char *profile_text(struct walk *w, struct profile *p)
{
	autojsontext struct jsontext known = {0};

	p->listener = p->metadata = NULL;
	return fields_write(w, profile, p, &known) < 0 ? NULL : jsontext_take(&known, w->err);
}

int document_seccomp_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.seccomp", 0);
	struct process_spec *to = &d->spec.process;
	autofree char *text = NULL;
	struct profile p = {0};

	if (!d->seccomp_object)
		return walk_leave(w, here), 0;
	nulls_drop(d->seccomp_object);
	if (fields_read(w, profile, &p, d->seccomp_object) < 0 || profile_check(w, &p) < 0)
		return -1;
	to->listener = p.listener;
	to->listener_metadata = p.metadata;
	text = profile_text(w, &p);
	if (!text)
		return -1;
	to->seccomp_text = arena_strdup(w->arena, text);
	walk_leave(w, here);
	return 0;
}

int document_seccomp_write(struct walk *w, struct document *d)
{
	const struct process_spec *p = &d->spec.process;

	if (!p->seccomp_text)
		return 0;
	d->seccomp_object = json_parse_any("linux.seccomp", p->seccomp_text,
		strlen(p->seccomp_text), w->err);
	if (!d->seccomp_object)
		return -1;
	if ((p->listener && json_object_set_new(d->seccomp_object, "listenerPath",
				    json_string(p->listener)) < 0) ||
		(p->listener_metadata && json_object_set_new(d->seccomp_object, "listenerMetadata",
						 json_string(p->listener_metadata)) < 0))
		return walk_fail(w, "linux.seccomp: out of memory");
	return 0;
}
