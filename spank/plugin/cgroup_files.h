// Reading and writing a mounted cgroup file system, of either version. Nothing
// else is opened, and no symbolic link followed.
//
// Functions return 0 or a descriptor, or -1 with errno set.
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

// The directory of the process's memory cgroup in the file system of `version`
// 1 or 2. ENOENT: it is in no step of a job's.
int cgroup_directory_of(pid_t pid, int version, char* directory, size_t room);

// The directory `name` below the open directory `parent`.
int cgroup_open(int parent, const char* name);

// The directory that has `path` in it.
int cgroup_open_above(const char* path);

// As cgroup_open, made if it is not there.
int cgroup_make_directory(int parent, const char* name);

// The name of the next directory in `directory`; NULL at its end.
const char* cgroup_next(DIR* directory);

// Gives a file of the directory to the user.
int cgroup_give(int directory, const char* file, uid_t uid, gid_t gid);

// A file's text as far as it fits, without its last newline.
int cgroup_read(int directory, const char* file, char* text, size_t room);
int cgroup_write(int directory, const char* file, const char* text);
