#include "oci/process.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/jsonwide.h"
#include "base/num.h"
#include "process/lsm.h"
#include "spec/capname.h"
#include "spec/config.h"
#include "spec/environment.h"
#include "spec/maclabel.h"
#include "spec/name.h"

#include <string.h>
#include <sys/prctl.h>

static int read_process(const char *file, struct spec *spec, struct err *err)
{
	autofree char *text = NULL;
	struct spec asked;
	size_t len;

	if (file_read_given(file, JSON_WIDE_MAX_BYTES, &text, &len, err) < 0 ||
		config_read_process(file, text, len, spec, &asked, err) < 0)
		return -1;
	for (size_t i = 0; i < asked.warning_count; i++)
		warn("%s", asked.warnings[i]);
	spec_free(spec);
	*spec = asked;
	return 0;
}

static int take_command(char **args, struct process_spec *p, struct err *err)
{
	size_t n = 0;

	if (!args[0])
		return err_set(err, "there is no command: give one, or --process");
	while (args[n])
		n++;
	p->argv = args;
	p->argc = n;
	p->terminal = false;
	return 0;
}

static int add_env(const struct option_list *env, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < env->count; i++) {
		if (!env->items[i][0] || env->items[i][0] == '=')
			return err_set(err, "--env: '%.80s' has no name", env->items[i]);
		/* Others pass it on as it is; no program finds it. */
		if (!strchr(env->items[i], '='))
			warn("--env: '%.80s' is not KEY=VALUE", env->items[i]);
		env_append(spec, env->items[i]);
	}
	env_settle(spec);
	return 0;
}

static int add_gids(const struct option_list *gids, struct spec *spec, struct err *err)
{
	struct process_spec *p = &spec->process;

	for (size_t i = 0; i < gids->count; i++) {
		uint32_t gid;

		if (num_parse_u32(gids->items[i], &gid) < 0 || gid == UINT32_MAX)
			return err_value(err, "--additional-gids", gids->items[i],
				"is no group id");
		arena_push(&spec->arena, p->groups, p->groupc,
			arena_strdup(&spec->arena, gids->items[i]));
	}
	return 0;
}

/* "0", "0:5", "root": who has what is permitted anyway. Others keep it through ambient capabilities only. */
static bool is_root(const char *user)
{
	size_t len = strcspn(user, ":");

	return len == 0 || strspn(user, "0") == len || (len == 4 && strncmp(user, "root", 4) == 0);
}

static uint64_t all_caps(void)
{
	uint64_t all = 0;

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		all |= 1ULL << cap;
	return all;
}

static void add_caps(const struct option_list *caps, struct process_spec *p)
{
	const int last = is_root(p->user) ? CAPSET_PERMITTED : CAPSET_AMBIENT;

	for (size_t i = 0; i < caps->count; i++) {
		struct err unknown;
		uint64_t mask;

		/* As in config.json, and as others have it: a newer kernel may know it. */
		if (caps_parse("--cap", caps->items[i], &mask, &unknown) < 0) {
			warn("%s", unknown.text);
			continue;
		}
		if (mask == CAPS_ALL)
			mask = all_caps();
		for (int set = 0; set <= last; set++)
			p->caps[set] |= mask;
	}
}

static int label(const struct exec_options *o, struct process_spec *p, struct err *err)
{
	const bool apparmor = o->apparmor && *o->apparmor, selinux = o->label && *o->label;

	if ((apparmor && apparmor_check("--apparmor", o->apparmor, err) < 0) ||
		(selinux && selinux_check("--process-label", o->label, err) < 0))
		return -1;
	if (apparmor)
		p->apparmor = o->apparmor;
	if (selinux)
		p->selinux = o->label;
	return apparmor || selinux ? lsm_check(p, err) : 0;
}

static bool choose(enum choice asked, bool otherwise)
{
	return asked == CHOICE_UNSAID ? otherwise : asked == CHOICE_YES;
}

int process_make(const struct exec_options *o, char **args, struct spec *spec, struct err *err)
{
	struct process_spec *p = &spec->process;

	if (o->process && args[0])
		return err_set(err, "a command and --process are given; one is enough");
	if (o->cwd && *o->cwd && *o->cwd != '/')
		return err_set(err, "--cwd: '%.80s' is not an absolute path", o->cwd);
	if ((o->process ? read_process(o->process, spec, err) : take_command(args, p, err)) < 0 ||
		(o->user && user_set(&p->user, "--user", o->user, err) < 0))
		return -1;
	p->terminal = choose(o->tty, p->terminal);
	p->no_new_privs = choose(o->no_new_privs, p->no_new_privs);
	if (o->cwd && *o->cwd)
		p->cwd = o->cwd;
	if (add_env(&o->env, spec, err) < 0 || add_gids(&o->gids, spec, err) < 0)
		return -1;
	add_caps(&o->caps, p);
	return label(o, p, err);
}
