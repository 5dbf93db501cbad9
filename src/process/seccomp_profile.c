#include "process/seccomp_profile.h"

#include "base/jsonwide.h"
#include "process/seccomp_names.h"
#include "process/seccomp_option.h"
#include "spec/capname.h"
#include "spec/field.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, CONDITIONS_MAX = 64, ERRNO_MAX = 4095, LAST_ARGUMENT = 5 };

/* What is done; which error it returns is said by number, by name, or both. */
struct answer {
	const char *action, *error_name;
	uint32_t error;
	bool has_error;
};

struct argument {
	uint32_t index;
	uint64_t value, value_two;
	const char *op;
};

/* Of "includes" and of "excludes". */
struct filter {
	const char **caps, **arches, **options, *kernel;
	size_t cap_count, arch_count, option_count;
};

struct call {
	const char **names, *name;
	size_t name_count;
	struct answer answer;
	struct argument *arguments;
	size_t argument_count;
	struct filter includes, excludes;
};

struct arch_map {
	const char *arch, **others;
	size_t other_count;
};

struct document {
	struct answer answer;
	const char **arches, **flags;
	size_t arch_count, flag_count;
	struct arch_map *maps;
	size_t map_count;
	struct call *calls;
	size_t call_count;
	const char *listener, *metadata;
};

static const char *action_check(const char *s)
{
	uint32_t action;

	return action_parse(s, &action) < 0 ? "an action such as SCMP_ACT_ERRNO" : NULL;
}

static const char *operator_check(const char *s)
{
	enum scmp_compare op;

	return operator_parse(s, &op) < 0 ? "an operator such as SCMP_CMP_EQ" : NULL;
}

static const char *errno_check(const char *s)
{
	uint32_t number;

	return errno_parse(s, &number) < 0 ? "an error such as ENOSYS" : NULL;
}

static const char *arch_check(const char *s)
{
	uint32_t token;

	return arch_parse(s, &token) < 0 ? "an architecture such as SCMP_ARCH_X86" : NULL;
}

static const char *machine_check(const char *s)
{
	uint32_t token;

	return arch_name_parse(s, &token) < 0 ? "a machine such as amd64" : NULL;
}

static int cap_find(const char *s)
{
	return strncmp(s, "CAP_", 4) ? -1 : cap_number(s, strlen(s));
}

static const char *cap_check(const char *s)
{
	return cap_find(s) < 0 ? "a capability such as CAP_CHOWN" : NULL;
}

static const char *option_check(const char *s)
{
	uint32_t option;

	return seccomp_options_parse(s, '\0', &option) < 0 ? "an option such as aio" : NULL;
}

static int kernel_parse(const char *s, unsigned version[2])
{
	char extra;

	return strspn(s, "0123456789.") == strlen(s) && strlen(s) <= 9 &&
			       sscanf(s, "%u.%u%c", &version[0], &version[1], &extra) == 2
		       ? 0
		       : -1;
}

static const char *kernel_check(const char *s)
{
	unsigned version[2];

	return kernel_parse(s, version) < 0 ? "a version such as 4.8" : NULL;
}

static const char *name_check(const char *s)
{
	return !*s || strlen(s) > NAME_MAX_BYTES ||
			       s[strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789")]
		       ? "the name of a system call"
		       : NULL;
}

static const struct flag {
	const char *word;
	unsigned flag;
	bool needs_listener;
} flags[] = {
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, true},
	/* The payload has one thread when the filter is loaded: nothing to synchronise. */
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{NULL},
};

static const struct flag *flag_find(const char *s)
{
	const struct flag *f = flags;

	while (f->word && strcmp(f->word, s) != 0)
		f++;
	return f;
}

static const char *flag_check(const char *s)
{
	return flag_find(s)->word ? NULL : "a flag such as SECCOMP_FILTER_FLAG_LOG";
}

static const struct field argument[] = {
	{"index", FIELD_U32, FIELD_REQUIRED, AT(argument, index), .max = LAST_ARGUMENT},
	{"value", FIELD_WIDE, FIELD_REQUIRED, AT(argument, value)},
	{"valueTwo", FIELD_WIDE, 0, AT(argument, value_two)},
	{"op", FIELD_STRING, FIELD_REQUIRED, AT(argument, op), .check = operator_check},
	{"comment", FIELD_IGNORED},
	{NULL},
};

static const struct field filter[] = {
	{"caps", FIELD_STRINGS, 0, AT(filter, caps), N(filter, cap_count), .check = cap_check},
	{"arches", FIELD_STRINGS, 0, AT(filter, arches), N(filter, arch_count),
		.check = machine_check},
	{"minKernel", FIELD_STRING, 0, AT(filter, kernel), .check = kernel_check},
	{"options", FIELD_STRINGS, 0, AT(filter, options), N(filter, option_count),
		.check = option_check},
	{"comment", FIELD_IGNORED},
	{NULL},
};

static const struct field call[] = {
	{"names", FIELD_STRINGS, 0, AT(call, names), N(call, name_count), .check = name_check},
	{"name", FIELD_STRING, 0, AT(call, name), .check = name_check},
	{"action", FIELD_STRING, FIELD_REQUIRED, AT(call, answer.action), .check = action_check},
	{"errnoRet", FIELD_U32, FIELD_PRESENT, AT(call, answer.error), N(call, answer.has_error),
		.max = ERRNO_MAX},
	{"errno", FIELD_STRING, 0, AT(call, answer.error_name), .check = errno_check},
	{"args", FIELD_ARRAY, 0, AT(call, arguments), N(call, argument_count),
		EACH(argument, argument)},
	{"includes", FIELD_OBJECT, 0, AT(call, includes), .fields = filter},
	{"excludes", FIELD_OBJECT, 0, AT(call, excludes), .fields = filter},
	{"comment", FIELD_IGNORED},
	{NULL},
};

static const struct field arch_map[] = {
	{"architecture", FIELD_STRING, FIELD_REQUIRED, AT(arch_map, arch), .check = arch_check},
	{"subArchitectures", FIELD_STRINGS, 0, AT(arch_map, others), N(arch_map, other_count),
		.check = arch_check},
	{"comment", FIELD_IGNORED},
	{NULL},
};

static const struct field document[] = {
	{"defaultAction", FIELD_STRING, FIELD_REQUIRED, AT(document, answer.action),
		.check = action_check},
	{"defaultErrnoRet", FIELD_U32, FIELD_PRESENT, AT(document, answer.error),
		N(document, answer.has_error), .max = ERRNO_MAX},
	{"defaultErrno", FIELD_STRING, 0, AT(document, answer.error_name), .check = errno_check},
	{"architectures", FIELD_STRINGS, 0, AT(document, arches), N(document, arch_count),
		.check = arch_check},
	{"archMap", FIELD_ARRAY, 0, AT(document, maps), N(document, map_count),
		EACH(arch_map, arch_map)},
	{"flags", FIELD_STRINGS, 0, AT(document, flags), N(document, flag_count),
		.check = flag_check},
	{"syscalls", FIELD_ARRAY, 0, AT(document, calls), N(document, call_count),
		EACH(call, call)},
	{"listenerPath", FIELD_STRING, 0, AT(document, listener)},
	{"listenerMetadata", FIELD_STRING, 0, AT(document, metadata)},
	{"comment", FIELD_IGNORED},
	{NULL},
};

struct parser {
	struct walk walk;
	const struct seccomp_target *target;
	struct seccomp_profile *out;
};

/* docker writes the number, podman also the name beside it: they have to agree. EPERM where the profile has
 * neither. */
static int error_of(struct parser *p, const struct answer *a, const char *key, uint32_t *ret)
{
	*ret = a->has_error ? a->error : EPERM;
	if (a->error_name)
		errno_parse(a->error_name, ret);
	if (a->has_error && *ret != a->error)
		return walk_fail_in(&p->walk, key, "%u is not %s", a->error, a->error_name);
	return 0;
}

static int answer_take(struct parser *p, const struct answer *a, const char *action_key,
	const char *error_key, uint32_t *ret)
{
	uint32_t action = 0, error;

	action_parse(a->action, &action);
	if (action == SCMP_ACT_NOTIFY && !p->target->listener)
		return walk_fail_in(&p->walk, action_key,
			"SCMP_ACT_NOTIFY needs a listener, and ctr runs none");
	if (error_of(p, a, error_key, &error) < 0)
		return -1;
	if (action == SCMP_ACT_ERRNO(0))
		action = SCMP_ACT_ERRNO(error);
	else if (action == SCMP_ACT_TRACE(0))
		action = SCMP_ACT_TRACE(error);
	else if (a->has_error || a->error_name)
		return walk_fail(&p->walk, "an error number, but the action returns none");
	*ret = action;
	return 0;
}

/* What a filter asks for, as the target has it. */
struct wish {
	uint64_t caps;
	uint32_t options;
	bool native;  /* this machine is among the arches */
	bool reached; /* the kernel is at least minKernel */
};

static struct wish wish_of(struct parser *p, const struct filter *f)
{
	const struct seccomp_target *t = p->target;
	unsigned version[2];
	struct wish r = {0};
	uint32_t v;

	for (size_t i = 0; i < f->cap_count; i++)
		r.caps |= UINT64_C(1) << cap_find(f->caps[i]);
	for (size_t i = 0; i < f->option_count; i++)
		if (seccomp_options_parse(f->options[i], '\0', &v) == 0)
			r.options |= v;
	for (size_t i = 0; i < f->arch_count; i++)
		r.native |= arch_name_parse(f->arches[i], &v) == 0 && v == seccomp_arch_native();
	if (f->kernel && kernel_parse(f->kernel, version) == 0)
		r.reached = t->kernel_major != version[0] ? t->kernel_major > version[0]
							  : t->kernel_minor >= version[1];
	p->out->caps_asked |= r.caps;
	return r;
}

/* Includes: all of it must hold. Excludes: any of it rules the call out. */
static bool is_admitted(struct parser *p, const struct call *c)
{
	const struct wish in = wish_of(p, &c->includes), ex = wish_of(p, &c->excludes);
	uint64_t caps = p->target->caps;
	uint32_t options = p->target->options;

	if ((in.caps & ~caps) || (in.options & ~options))
		return false;
	if ((c->includes.arch_count && !in.native) || (c->includes.kernel && !in.reached))
		return false;
	return !(ex.caps & caps) && !(ex.options & options) && !ex.native && !ex.reached;
}

/* As in runc and docker: two conditions on one argument make all of them alternatives. */
static bool are_alternatives(const struct argument *a, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & (1u << a[i].index))
			return true;
		seen |= 1u << a[i].index;
	}
	return false;
}

static struct seccomp_condition *conditions_of(struct parser *p, const struct call *c)
{
	struct seccomp_condition *r = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->argument_count; i++) {
		const struct argument *a = &c->arguments[i];
		struct seccomp_condition to = {a->index, a->value, a->value_two};

		operator_parse(a->op, &to.op);
		arena_push(&p->out->arena, r, n, to);
	}
	return r;
}

static int rule_push(struct parser *p, const struct seccomp_rule *rule)
{
	if (p->out->rule_count >= SECCOMP_PROFILE_MAX_NAMES)
		return walk_fail(&p->walk, "more than %d rules", SECCOMP_PROFILE_MAX_NAMES);
	arena_push(&p->out->arena, p->out->rules, p->out->rule_count, *rule);
	return 0;
}

/* rule: with the conditions of all alternatives. */
static int rules_push(struct parser *p, struct seccomp_rule rule, bool alternatives)
{
	size_t n = rule.condition_count;

	if (!alternatives)
		return rule_push(p, &rule);
	rule.condition_count = 1;
	for (; n > 0; n--, rule.conditions++)
		if (rule_push(p, &rule) < 0)
			return -1;
	return 0;
}

static int call_take(struct parser *p, const struct call *c)
{
	const bool alternatives = are_alternatives(c->arguments, c->argument_count);
	const char **names = c->name ? (const char **)&c->name : c->names;
	struct seccomp_rule rule = {.condition_count = c->argument_count};

	if (answer_take(p, &c->answer, "action", "errnoRet", &rule.action) < 0)
		return -1;
	if (c->argument_count > CONDITIONS_MAX)
		return walk_fail_in(&p->walk, "args", "more than %d conditions", CONDITIONS_MAX);
	if (c->name && c->names)
		return walk_fail(&p->walk, "has both \"name\" and \"names\"");
	if (!c->name && !c->name_count)
		return walk_fail(&p->walk, "names no system call");
	if (!is_admitted(p, c))
		return 0;
	rule.conditions = conditions_of(p, c);
	for (size_t i = 0; i < (c->name ? 1 : c->name_count); i++) {
		rule.name = names[i];
		if (rules_push(p, rule, alternatives) < 0)
			return -1;
	}
	return 0;
}

static int calls_take(struct parser *p, const struct document *d)
{
	size_t here = walk_enter(&p->walk, "syscalls", 0);

	for (size_t i = 0; i < d->call_count; i++) {
		size_t list = walk_enter(&p->walk, NULL, i);

		if (call_take(p, &d->calls[i]) < 0)
			return -1;
		walk_leave(&p->walk, list);
	}
	walk_leave(&p->walk, here);
	return 0;
}

static int arch_add(struct parser *p, const char *word)
{
	struct seccomp_profile *out = p->out;
	uint32_t token = SCMP_ARCH_NATIVE;

	arch_parse(word, &token);
	if (token == SCMP_ARCH_NATIVE || token == seccomp_arch_native())
		return 0;
	for (size_t i = 0; i < out->arch_count; i++)
		if (out->arches[i] == token)
			return 0;
	if (out->arch_count == SECCOMP_PROFILE_MAX_ARCHES)
		return walk_fail(&p->walk, "more than %d architectures",
			SECCOMP_PROFILE_MAX_ARCHES);
	out->arches[out->arch_count++] = token;
	return 0;
}

static int arches_add(struct parser *p, const char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (arch_add(p, words[i]) < 0)
			return -1;
	return 0;
}

static int arches_take(struct parser *p, const struct document *d)
{
	if (d->arch_count && d->map_count)
		return walk_fail(&p->walk, "has both \"architectures\" and \"archMap\"");
	for (size_t i = 0; p->target->all_arches && i < d->map_count; i++) {
		uint32_t token;

		if (arch_parse(d->maps[i].arch, &token) == 0 && token == seccomp_arch_native() &&
			arches_add(p, d->maps[i].others, d->maps[i].other_count) < 0)
			return -1;
	}
	return arches_add(p, d->arches, d->arch_count);
}

static int flags_take(struct parser *p, const struct document *d)
{
	for (size_t i = 0; i < d->flag_count; i++) {
		const struct flag *f = flag_find(d->flags[i]);

		if (f->needs_listener && !p->target->listener)
			return walk_fail_in(&p->walk, "flags",
				"%s needs a listener, and ctr runs none", f->word);
		p->out->flags |= f->flag;
	}
	return 0;
}

static int document_take(struct parser *p, const json_t *json)
{
	struct document d = {0};

	if (fields_read(&p->walk, document, &d, json) < 0)
		return -1;
	if (!p->target->listener && (d.listener || d.metadata))
		return walk_fail_in(&p->walk, "listenerPath",
			"a listener would decide over every container, "
			"and ctr passes no descriptor to one");
	if (answer_take(p, &d.answer, "defaultAction", "defaultErrnoRet", &p->out->default_action) <
			0 ||
		arches_take(p, &d) < 0 || flags_take(p, &d) < 0)
		return -1;
	return calls_take(p, &d);
}

int seccomp_profile_parse(const char *what, const char *data, size_t len,
	const struct seccomp_target *target, struct seccomp_profile *ret, struct err *err)
{
	struct seccomp_profile out = {0};
	struct parser p = {{.what = what, .arena = &out.arena, .err = err}, target, &out};
	autojson json_t *json = NULL;

	if (len > SECCOMP_PROFILE_MAX_BYTES)
		return err_set(err, "%s: larger than %d bytes", what, SECCOMP_PROFILE_MAX_BYTES);
	json = json_parse_wide(what, data, len, err);
	if (!json)
		return -1;
	if (document_take(&p, json) < 0) {
		seccomp_profile_free(&out);
		return -1;
	}
	*ret = out;
	return 0;
}

void seccomp_profile_free(struct seccomp_profile *profile)
{
	arena_free(&profile->arena);
	*profile = (struct seccomp_profile){0};
}
