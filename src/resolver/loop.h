/* All that a resolver has to do with, and its turns. */
#pragma once

#include "resolver/conns.h"

struct resolver {
	int udp, tcp;
	int config; /* the file: when it has been replaced, another resolver is to read the new one */
	struct names names;
	struct upstream upstream;
	struct conns conns;
	bool forwards;
};

/* Until nobody has asked for a while, or the configuration is another. */
void loop_serve_names(struct resolver *r);
