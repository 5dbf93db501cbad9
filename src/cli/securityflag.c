#include "cli/securityflag.h"

#include "cli/runflags.h"
#include "process/seccomp.h"
#include "spec/capname.h"

#include <stdlib.h>
#include <string.h>

int caps_flag(void *to, const char *what, const char *value, struct err *err)
{
	uint64_t more;

	if (caps_parse(what, value, &more, err) < 0)
		return -1;
	*(uint64_t *)to |= more;
	return 0;
}

static int set_label_part(struct run_options *o, const char *what, const char *value,
	struct err *err)
{
	if (strcmp(value, "disable") != 0)
		return selinux_part(&o->label, what, value, err);
	o->label = (struct selinux_parts){0};
	return 0;
}

/* Read once: exec has the same later on, whoever can write the file, or has removed it. */
static int take_profile_text(struct run_options *o, const char *what, const char *value,
	struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (seccomp_profile_read(value, &text, &len, err) < 0)
		return err_wrap(err, "%s", what);
	r = strlen(text) == len ? 0 : -1;
	if (r == 0)
		o->spec.process.seccomp_profile = arena_strdup(&o->spec.arena, text);
	free(text);
	return r == 0 ? 0 : err_set(err, "%s: seccomp profile %s: not text", what, value);
}

static int set_profile(struct run_options *o, const char *what, const char *value, struct err *err)
{
	struct process_spec *p = &o->spec.process;

	p->seccomp_profile = NULL;
	p->seccomp = NULL;
	if (strcmp(value, "default") == 0)
		return 0;
	p->seccomp = value;
	if (seccomp_name_is_known(value))
		return 0;
	return take_profile_text(o, what, value, err);
}

int security_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;
	size_t key = strcspn(value, "=:");

	/* "seccomp:unconfined", as docker once had it and still takes it. */
	if (value[key] == ':') {
		char *copy = arena_strdup(&o->spec.arena, value);

		copy[key] = '=';
		value = copy;
	}
	if (strcmp(value, "no-new-privileges") == 0)
		return 0;
	if (strncmp(value, "no-new-privileges=", 18) == 0)
		return flag_bool(&o->spec.process.no_new_privs, what, value + 18, err);
	if (strncmp(value, "seccomp=", 8) == 0)
		return set_profile(o, what, value + 8, err);
	if (strncmp(value, "apparmor=", 9) == 0) {
		o->spec.process.apparmor = value + 9;
		return apparmor_check(what, value + 9, err);
	}
	if (strncmp(value, "label=", 6) == 0)
		return set_label_part(o, what, value + 6, err);
	if (strcmp(value, "writable-cgroups") == 0) {
		o->writable_cgroups = true;
		return 0;
	}
	if (strncmp(value, "writable-cgroups=", 17) == 0)
		return flag_bool(&o->writable_cgroups, what, value + 17, err);
	err_set(err, "%s: unknown option '%.100s'", what, value);
	return err_hint(err, "there are seccomp=FILE, seccomp=vps, seccomp=default+32bit, "
			     "seccomp=default+aio, seccomp=unconfined, apparmor=PROFILE, "
			     "label=type:T, no-new-privileges[=false], writable-cgroups[=true]");
}
