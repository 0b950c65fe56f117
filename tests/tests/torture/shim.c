/* Loaded into processes of a storm: a clock that can be set, a disk that can be slow or full, and a note of what was
   written and is not on disk yet, so that a loss of power can be played after a kill.

   It knows no Conductor. One mapped file says what is to be done, another takes the notes. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NOTES 65536

struct control {
  volatile int64_t clock_us; /* added to the time of day */
  volatile int64_t sync_us;  /* how much longer a flush takes */
  volatile int64_t full;     /* nothing more can be written */
};

struct note {
  uint64_t inode, offset, length, number;
};

struct notes {
  volatile uint64_t count, overflowed, number;
  struct note at[NOTES];
};

static struct control *control;
static struct notes *notes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *map(const char *variable, size_t size) {
  const char *path = getenv(variable);
  if (path == NULL) return NULL;
  int file = open(path, O_RDWR);
  if (file < 0) return NULL;
  void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return at == MAP_FAILED ? NULL : at;
}

__attribute__((constructor)) static void begin(void) {
  control = map("STORM_CONTROL", sizeof *control);
  notes = map("STORM_WRITES", sizeof *notes);
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void shift(clockid_t clock, struct timespec *at) {
  if (control == NULL || at == NULL) return;
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return;
  int64_t nanoseconds = at->tv_nsec + (control->clock_us % 1000000) * 1000;
  at->tv_sec += control->clock_us / 1000000;
  if (nanoseconds < 0) nanoseconds += 1000000000, at->tv_sec--;
  if (nanoseconds >= 1000000000) nanoseconds -= 1000000000, at->tv_sec++;
  at->tv_nsec = nanoseconds;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static __typeof__(&clock_gettime) next;
  if (next == NULL) next = REAL(clock_gettime);
  int result = next(clock, at);
  if (result == 0) shift(clock, at);
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  if (result == 0) at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}

static int inode(int file, uint64_t *found) {
  struct stat about;
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
  *found = about.st_ino;
  return 1;
}

static void wrote(int file, uint64_t offset, uint64_t length) {
  uint64_t of;
  if (notes == NULL || !inode(file, &of)) return;
  pthread_mutex_lock(&lock);
  if (notes->count < NOTES)
    notes->at[notes->count] = (struct note){of, offset, length, notes->number++}, notes->count++;
  else
    notes->overflowed = 1;
  pthread_mutex_unlock(&lock);
}

/* What was written before the flush began is on disk when it has ended. */
static int flush(int file, int (*next)(int)) {
  uint64_t of = 0, until = 0;
  int is_noted = notes != NULL && inode(file, &of);
  if (is_noted) {
    pthread_mutex_lock(&lock);
    until = notes->number;
    pthread_mutex_unlock(&lock);
  }
  int64_t longer = control == NULL ? 0 : control->sync_us;
  if (longer > 0) {
    struct timespec pause = {longer / 1000000, longer % 1000000 * 1000};
    nanosleep(&pause, NULL);
  }
  int result = next(file);
  if (!is_noted || result != 0) return result;
  pthread_mutex_lock(&lock);
  uint64_t kept = 0;
  for (uint64_t index = 0; index < notes->count; index++)
    if (notes->at[index].number >= until || notes->at[index].inode != of) notes->at[kept++] = notes->at[index];
  notes->count = kept;
  pthread_mutex_unlock(&lock);
  return result;
}

int fdatasync(int file) { return flush(file, REAL(fdatasync)); }

int fsync(int file) { return flush(file, REAL(fsync)); }

static int is_full(int file) {
  uint64_t of;
  return control != NULL && control->full && inode(file, &of);
}

/* Noted before: a kill in the middle leaves a part of it. */
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
  static __typeof__(&pwrite64) next;
  if (next == NULL) next = REAL(pwrite64);
  if (is_full(file)) return errno = ENOSPC, -1;
  wrote(file, offset, length);
  return next(file, bytes, length, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
  return pwrite64(file, bytes, length, offset);
}
