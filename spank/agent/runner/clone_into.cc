#include "spank/agent/runner/clone_into.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace cram {
namespace {

// clone3(2) with a stack returns in the child without what was on the stack
// before, so that nothing but registers leads to `life`: libc has no such call.
// The kernel leaves all registers but those named as clobbered as they were.
#if defined(__SANITIZE_ADDRESS__) || !defined(CLONE_INTO_CGROUP)
// The sanitizer follows stacks, and knows of no such.
long Clone3(clone_args*, void (*)(void*), void*) { return -ENOSYS; }
#elif defined(__x86_64__)
long Clone3(clone_args* args, void (*life)(void*), void* argument) {
  long result = SYS_clone3;
  register auto call asm("r12") = life;
  register void* with asm("r13") = argument;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"  // the outermost frame
      "mov %[with], %%rdi\n\t"
      "call *%[call]\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(args), "S"(sizeof *args), [call] "r"(call), [with] "r"(with)
      : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
long Clone3(clone_args* args, void (*life)(void*), void* argument) {
  register long result asm("x0") = reinterpret_cast<long>(args);
  register long size asm("x1") = sizeof *args;
  register long number asm("x8") = SYS_clone3;
  register auto call asm("x9") = life;
  register void* with asm("x10") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"  // the outermost frame
      "mov x0, %[with]\n\t"
      "blr %[call]\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(number), [call] "r"(call), [with] "r"(with)
      : "memory");
  return result;
}
#else
long Clone3(clone_args*, void (*)(void*), void*) { return -ENOSYS; }
#endif

// Of those that do not pass.
bool IsForGood(int error) {
  return error == ENOSYS || error == EPERM || error == EINVAL ||
         error == E2BIG || error == EACCES;
}

// What runs on it is Spawn's child: some hundred bytes a frame.
constexpr size_t kChildStackBytes = 32 << 10;

}  // namespace

pid_t CloneIntoCgroup(int cgroup, void (*life)(void*), void* argument) {
  static std::atomic<bool> refused = false;
  if (refused) {
    errno = ENOSYS;
    return -1;
  }
  alignas(16) char stack[kChildStackBytes];
  clone_args args = {};
  args.flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<uintptr_t>(stack);
  args.stack_size = sizeof stack;
  args.cgroup = static_cast<uint64_t>(cgroup);
  long result = Clone3(&args, life, argument);
  if (result > 0) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
  if (IsForGood(errno)) refused = true;
  return -1;
}

}  // namespace cram
