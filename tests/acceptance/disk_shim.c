/*
 * Stands between the program and the C library (LD_PRELOAD, on Linux), counts what the program does to
 * the disk, and lets one of these operations go wrong:
 *
 *   DISK_LOG   a file that gets a line for each operation: what it is, a tab, the path
 *   DISK_AT    the number of the operation, counted from 1
 *   DISK_DO    what happens there: a number of errno, which it fails with; `kill`, before it; `half`, the
 *              same after half of a write; or `stop`, before it, until somebody sends SIGCONT
 *
 * A write that fails has half of its bytes written, as on a disk that is full. A folder that is opened for
 * reading counts too: that comes before whoever writes waits for others who do.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int count;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Straight to the kernel, so that nothing of it is counted. */
static void tell(const char *what, const char *path) {
  const char *log = getenv("DISK_LOG");
  char line[PATH_MAX + 32];
  if (!log) return;
  int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int length = snprintf(line, sizeof line, "%s\t%s\n", what, path);
  if (fd < 0 || syscall(SYS_write, fd, line, (size_t)length) != length) abort();
  syscall(SYS_close, fd);
}

/* Count an operation. The errno that it is to fail with, or 0; HALF where it is to die in the middle. */
enum { HALF = -1 };

static int next(const char *what, const char *path) {
  const char *at = getenv("DISK_AT"), *how = getenv("DISK_DO");
  int number = atomic_fetch_add(&count, 1) + 1;
  tell(what, path);
  if (!at || !how || atoi(at) != number) return 0;
  if (!strcmp(how, "half")) return HALF;
  if (!strcmp(how, "kill")) raise(SIGKILL);
  if (!strcmp(how, "stop")) {
    raise(SIGSTOP);
    return 0;
  }
  return atoi(how);
}

/* The same for what can't be half done. */
static int fails(const char *what, const char *path) {
  int error = next(what, path);
  if (error == HALF) raise(SIGKILL);
  errno = error;
  return error;
}

static const char *path_of(int fd, char *buffer) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, PATH_MAX - 1);
  buffer[length < 0 ? 0 : length] = 0;
  return buffer;
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
  struct stat found;
  int writes = (flags & O_ACCMODE) != O_RDONLY;
  if (writes && strncmp(path, "/dev/", 5) && strncmp(path, "/proc/", 6) && fails("open", path)) return -1;
  if (!writes && !fstatat(folder, path, &found, 0) && S_ISDIR(found.st_mode) && fails("look", path)) return -1;
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN(name)                              \
  int name(const char *path, int flags, ...) {  \
    va_list rest;                               \
    va_start(rest, flags);                      \
    mode_t mode = va_arg(rest, mode_t);         \
    va_end(rest);                               \
    return opened(AT_FDCWD, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                       \
  int name(int folder, const char *path, int flags, ...) { \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode_t mode = va_arg(rest, mode_t);                    \
    va_end(rest);                                          \
    return opened(folder, path, flags, mode);              \
  }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *bytes, size_t length) {
  char buffer[PATH_MAX];
  const char *path = path_of(fd, buffer);
  struct stat found;
  if (fd <= 2 || fstat(fd, &found) || !S_ISREG(found.st_mode)) return REAL(write)(fd, bytes, length);
  int error = next("write", path);
  if (error) {
    ssize_t half = REAL(write)(fd, bytes, length / 2);
    if (error == HALF) raise(SIGKILL);
    if (half < 0) return half;
    errno = error;
    return -1;
  }
  return REAL(write)(fd, bytes, length);
}

int fsync(int fd) {
  char buffer[PATH_MAX];
  return fails("fsync", path_of(fd, buffer)) ? -1 : REAL(fsync)(fd);
}

int fchmod(int fd, mode_t mode) {
  char buffer[PATH_MAX];
  return fails("fchmod", path_of(fd, buffer)) ? -1 : REAL(fchmod)(fd, mode);
}

int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode); }

int rmdir(const char *path) { return fails("rmdir", path) ? -1 : REAL(rmdir)(path); }

int unlink(const char *path) { return fails("unlink", path) ? -1 : REAL(unlink)(path); }

int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(rename)(from, to); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  return fails("link", to) ? -1 : REAL(linkat)(from_folder, from, to_folder, to, flags);
}
