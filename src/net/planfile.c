#include "net/planfile.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <string.h>

enum { PLAN_MAX = 8 << 20 };

int plan_read(int state_fd, struct network_plan *ret, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read(state_fd, NETWORK_PLAN_FILE, PLAN_MAX, &text, &len, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	return network_plan_parse(text, len, ret, err) < 0 ? -1 : 1;
}

int plan_write(int state_fd, const struct network_plan *plan, struct err *err)
{
	autofree char *text = network_plan_format(plan, err);

	return text ? file_write(state_fd, NETWORK_PLAN_FILE, text, strlen(text), 0600, FILE_NOSYNC,
			      err)
		    : -1;
}
