/* Where in the text of a JSON document a value is: for messages, after the parse. */
#pragma once

#include <stddef.h>

/* Line and column, from 1, of the value at a place such as "linux.mounts[3].options"; of the
 * innermost one on the way to it where there is none. Characters of UTF-8 count as one column. The
 * text is JSON; whatever else it is, nothing beyond it is read. A name with a '.' or '[' in it is
 * found too. */
void json_locate(const char *text, size_t len, const char *place, unsigned *ret_line,
	unsigned *ret_column);
