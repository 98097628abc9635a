// Where our programs are.
#pragma once

#include <stddef.h>

// Of cram-launch, cram-agent: below DIR of the word prefix=DIR in the plugin's
// line of plugstack.conf, else where it was built for. Returns 0, or -1 when
// there is not enough room.
int installed_path(const char* program, int ac, char** av, char* path,
                   size_t room);
