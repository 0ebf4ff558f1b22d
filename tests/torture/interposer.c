/* Stands between the service and the C library (LD_PRELOAD): a disk that fails, and a wall clock that somebody sets.

   TORTURE_ORDERS names the file with the orders, laid out as below. They hold from the moment they are written. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, READS = 4 };

struct orders {
    int32_t error;    /* what a call that fails sets errno to; 0: none fails */
    int32_t calls;    /* which kinds of calls fail */
    int32_t one_in;   /* one in so many of them */
    int32_t pad;
    int64_t ahead_ns; /* the wall clock is so far ahead */
    char below[488];  /* the files that fail: those whose path holds this */
};

static struct orders idle;
static volatile struct orders *orders = &idle;
static atomic_uint dice = 12345;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TORTURE_ORDERS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) orders = map;
}

static int fails(int fd, int kind) {
    if (!orders->error || !(orders->calls & kind)) return 0;
    char link[40], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strstr(path, (const char *)orders->below)) return 0;
    unsigned thrown = atomic_fetch_add(&dice, 2654435761u) * 2246822519u >> 8;
    if (orders->one_in > 1 && thrown % (unsigned)orders->one_in) return 0;
    errno = orders->error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define IN_THE_WAY(type, name, kind, parameters, arguments) \
    type name parameters {                                  \
        static __typeof__(&name) real;                      \
        if (!real) real = REAL(name);                       \
        return fails(fd, kind) ? -1 : real arguments;       \
    }

IN_THE_WAY(ssize_t, write, WRITES, (int fd, const void *data, size_t size), (fd, data, size))
IN_THE_WAY(ssize_t, pwrite, WRITES, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
IN_THE_WAY(ssize_t, pwrite64, WRITES, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
IN_THE_WAY(int, ftruncate, WRITES, (int fd, off_t size), (fd, size))
IN_THE_WAY(int, ftruncate64, WRITES, (int fd, off64_t size), (fd, size))
IN_THE_WAY(int, fsync, SYNCS, (int fd), (fd))
IN_THE_WAY(int, fdatasync, SYNCS, (int fd), (fd))
IN_THE_WAY(ssize_t, pread, READS, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
IN_THE_WAY(ssize_t, pread64, READS, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))

static void put_ahead(struct timespec *at) {
    int64_t ns = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + orders->ahead_ns;
    at->tv_sec = ns / 1000000000;
    at->tv_nsec = ns % 1000000000;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static __typeof__(&clock_gettime) real;
    if (!real) real = REAL(clock_gettime);
    int result = real(clock, at);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) put_ahead(at);
    return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
