#include "spec/restart.h"

#include "base/num.h"

#include <string.h>

int restart_parse(const char *what, const char *text, struct restart_policy *ret, struct err *err)
{
	static const char *const words[] = {
		[RESTART_NO] = "no",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
		[RESTART_UNLESS_STOPPED] = "unless-stopped",
	};
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	*ret = (struct restart_policy){.kind = RESTART_NO};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) != len || strncmp(words[i], text, len) != 0)
			continue;
		ret->kind = (enum restart_kind)i;
		if (!colon)
			return 0;
		if (i == RESTART_ON_FAILURE && num_parse_u32(colon + 1, &ret->max) == 0)
			return 0;
	}
	return err_value(err, what, text, "is not no, on-failure[:N], always or unless-stopped");
}

static bool failed(const struct restart_facts *f)
{
	return f->status != 0;
}

static bool allows(const struct restart_policy *p, const struct restart_facts *f)
{
	switch (p->kind) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return failed(f) && (!p->max || f->count < p->max);
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		break;
	}
	return true;
}

bool restart_due(const struct restart_policy *p, const struct restart_facts *f,
	uint64_t *ret_wait_ns, uint32_t *ret_streak)
{
	uint32_t streak = f->ran_ns >= RESTART_CALM_NS ? 0 : f->streak;
	uint64_t wait = RESTART_FIRST_NS;

	for (uint32_t i = 0; i < streak && wait < RESTART_LAST_NS; i++)
		wait *= 2;
	*ret_wait_ns = wait < RESTART_LAST_NS ? wait : RESTART_LAST_NS;
	*ret_streak = streak + 1;
	return !f->stopped && allows(p, f);
}

bool restart_at_boot(const struct restart_policy *p, const struct restart_facts *f)
{
	if (p->kind == RESTART_ALWAYS)
		return true;
	return !f->stopped && allows(p, f);
}
