#include "oci/match.h"

#include "state/gc.h"

#include <regex.h>

struct match {
	struct oci *oci;
	regex_t pattern;
	int (*f)(struct oci *oci, const char *id, void *arg, struct err *err);
	void *arg;
	size_t failed;
};

static int try_one(const char *id, void *arg, struct err *err)
{
	struct match *m = arg;

	if (regexec(&m->pattern, id, 0, NULL, 0) != 0 || m->f(m->oci, id, m->arg, err) == 0)
		return 0;
	warn("%s", err->text);
	m->failed++;
	return 0;
}

int each_match(struct oci *oci, const char *pattern,
	int (*f)(struct oci *oci, const char *id, void *arg, struct err *err), void *arg,
	struct err *err)
{
	struct match m = {.oci = oci, .f = f, .arg = arg};
	int r;

	if (regcomp(&m.pattern, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_value(err, "--regex", pattern, "is no regular expression");
	r = store_each(&oci->store, try_one, &m, err);
	regfree(&m.pattern);
	if (r == 0 && m.failed)
		return err_set(err, "--regex: failed for %zu containers", m.failed);
	return r;
}
