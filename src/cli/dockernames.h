/* What templates for docker's inspect and ps ask for. */
#pragma once

#include "base/json.h"

#include <stdbool.h>

/* Adds to what inspect knows of a container the members State, Config and HostConfig, if the template names them:
 * of docker's own those that have a meaning here. */
void docker_names_inspect(json_t *j, const char *template);
/* Whether the template has ".WORD" in it. */
bool docker_asks(const char *template, const char *word);
/* To a row of ps: Names, State, CreatedAt. */
void docker_names_ps(json_t *j, const char *template);
