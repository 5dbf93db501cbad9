#include "check/probe.h"

#include "base/spawn.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PROGRAM "ctr-nftables"

enum { OUTPUT_SIZE = 4096 };

/* "ctr-nftables: TEXT", and perhaps "hint: TEXT". */
static void say_failure(struct probes *p, char *output)
{
	const char *text = strsep(&output, "\n"), *hint = output ? strsep(&output, "\n") : NULL;

	if (strncmp(text, PROGRAM ": ", strlen(PROGRAM ": ")) == 0)
		text += strlen(PROGRAM ": ");
	probe_say(p, "networks", PROBE_LIMITED, "%s", text);
	if (hint && strncmp(hint, "hint: ", strlen("hint: ")) == 0)
		probe_cure(p, "%s", hint + strlen("hint: "));
}

/* Lines of a rule that drops us, and, behind a tab, what lets us through. */
static void say_rules(struct probes *p, char *output)
{
	char *line;

	probe_say(p, "networks", PROBE_OK, "devices, routes and the table of nf_tables");
	if (!*output)
		probe_say(p, "firewall", PROBE_OK,
			"no rule of this host drops what containers send");
	while ((line = strsep(&output, "\n")) && *line) {
		const char *what = strsep(&line, "\t");

		probe_say(p, "firewall", PROBE_LIMITED, "%s", what);
		probe_cure(p, "%s", line ? line : "");
	}
}

void probe_net(struct probes *p)
{
	char output[OUTPUT_SIZE];
	struct err err = {0};
	int status = spawn_and_hear(PROGRAM, "check", output, sizeof(output), &err);

	if (status < 0)
		probe_told(p, "networks", PROBE_LIMITED, -1, &err, "%s", "");
	else if (status)
		say_failure(p, output);
	else
		say_rules(p, output);
}
