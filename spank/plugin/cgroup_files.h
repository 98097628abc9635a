// Reading and writing a mounted cgroup file system, of either version. Nothing
// else is opened, and no symbolic link followed.
//
// Functions return 0 or a descriptor, or -1 with errno set.
#pragma once

#include <stddef.h>
#include <sys/types.h>

// Where the file system of that type, with that mount option unless it is NULL,
// is mounted.
int cgroup_mount(const char* type, const char* option, char* mount,
                 size_t room);

// The path of the process in the hierarchy that has the controller; "" is the
// unified hierarchy of v2.
int cgroup_path_of(pid_t pid, const char* controller, char* path, size_t room);

// The directory `name` below the open directory `parent`.
int cgroup_open(int parent, const char* name);

// A file's text as far as it fits, without its last newline.
int cgroup_read(int directory, const char* file, char* text, size_t room);
int cgroup_write(int directory, const char* file, const char* text);
