// The --cram options as the plugin knows them: names, help and the words that
// the user gave. Nothing is judged here; cram-launch does that.
#pragma once

#include <slurm/spank.h>

// Registers every option. For slurm_spank_init, in each context that runs
// jobs: without it slurmstepd would not be told of the options.
int options_register(spank_t spank);

// Called when --cram or --cram-resume is seen, so that srun can be stopped
// before it asks for a command. A result other than 0 refuses the option. NULL:
// nobody listens.
typedef int (*options_listener)(void);
void options_listen(options_listener listener);

// How many options there are; number 0 is --cram itself.
int options_count(void);

// "cram", "cram-mem", ...
const char* options_name(int number);

// The user's word, or NULL when the option was not given; the last one wins.
// A flag's word is empty.
const char* options_value(int number);

// The same by name.
const char* options_word(const char* name);

// Whether --cram itself was given.
int options_cram_given(void);
