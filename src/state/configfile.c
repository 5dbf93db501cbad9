#include "state/configfile.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/jsonwide.h"
#include "spec/config.h"
#include "state/metadata.h"

#include <errno.h>

int container_spec(const struct store *store, const char *name, struct spec *ret, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (container_read(store, name, "config.json", &text, &len, err) < 0)
		return err_wrap(err, "%s", name);
	return config_read("config.json", text, len, CONFIG_OURS, ret, err) < 0
		       ? err_wrap(err, "%s", name)
		       : 0;
}

int bundle_does_not_exist(const char *id, struct err *err)
{
	err_set(err, "container does not exist: %s", id);
	err->sys = ENOENT;
	return -1;
}

/* Who only looks can come before these files are there, or after. */
int bundle_read(const struct container *c, const char *file, char **ret_text, size_t *ret_len,
	struct err *err)
{
	if (file_read(c->state_fd, file, JSON_WIDE_MAX_BYTES, ret_text, ret_len, err) == 0)
		return 0;
	return err->sys == ENOENT ? bundle_does_not_exist(c->record.name, err) : -1;
}

int bundle_spec(const struct container *c, struct spec *ret, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (bundle_read(c, BUNDLE_CONFIG, &text, &len, err) < 0)
		return -1;
	return config_read(BUNDLE_CONFIG, text, len, CONFIG_ENGINE, ret, err);
}
