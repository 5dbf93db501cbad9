#include "spec/farid.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

int far_id_add(struct namespaces *ns, const char *what, uint32_t id, struct err *err)
{
	if (id < SPEC_IDS || id == UINT32_MAX)
		return 0;
	for (size_t i = 0; i < ns->far_id_count; i++)
		if (ns->far_ids[i] == id)
			return 0;
	if (ns->far_id_count == FAR_IDS_MAX)
		return err_set(err,
			"%s: id %u is one too many above %d, of which a container can have %d",
			what, id, SPEC_IDS - 1, FAR_IDS_MAX);
	ns->far_ids[ns->far_id_count++] = id;
	return 0;
}

int far_id_add_user(struct namespaces *ns, const char *what, const char *user, struct err *err)
{
	size_t len = strcspn(user, ":");
	uint32_t id;
	char text[16];

	/* What is no number is a name, and what is no id is refused by who looks for it. */
	snprintf(text, sizeof(text), "%.*s", len < sizeof(text) ? (int)len : 0, user);
	if (num_parse_u32(text, &id) == 0 && far_id_add(ns, what, id, err) < 0)
		return -1;
	return user[len] && num_parse_u32(user + len + 1, &id) == 0 ? far_id_add(ns, what, id, err)
								    : 0;
}
