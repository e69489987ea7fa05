#pragma once
/* What Glibc does not show to Swift: variadic functions, function-like macros and system calls without a wrapper.
   Each returns what the system call returns; -1 means errno. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* eventfd(2), close-on-exec and non-blocking: its header is not in the Glibc module. */
int clinux_eventfd(void);
/* mallopt(3): its header is not in the Glibc module. How many heaps threads share; before any thread but the first. */
int clinux_limit_heaps(int count);
/* malloc_trim(3), and madvise(2) for the code of the program and its libraries: what only the start or the last work has
   needed is resident no longer. The kernel maps sixteen pages of code around each that is called, and takes none back
   while memory is plenty; they stay in its cache, and a call of them maps them again in about a microsecond. */
void clinux_give_back_memory(void);
/* adjtimex(2): its header is not in the Glibc module. 1 where the kernel's clock follows a time server, 0 where not. */
int clinux_clock_is_synchronised(void);
/* prctl(2) is variadic. PR_SET_CHILD_SUBREAPER: orphaned descendants become children of this process. */
int clinux_set_child_subreaper(void);
/* openat2(2) has no wrapper. `resolve` is a set of RESOLVE_ flags, from below. */
int clinux_openat2(int directory, const char *path, int flags, uint64_t resolve);
/* The same with openat(2) alone, for where a filter refuses openat2(2). */
int clinux_open_beneath(int directory, const char *path, int flags);
uint64_t clinux_resolve_beneath(void);   /* RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS */

/* How many supplementary groups are taken along; users(5) of ordinary machines have a handful. */
#define CLINUX_GROUPS 64

struct clinux_identity {
    uid_t uid;
    gid_t gid;
    size_t group_count;           /* supplementary ones; at most CLINUX_GROUPS */
    const gid_t *groups;
};

/* clinux_openat2 with the rights to files of another user, on this thread and for this call (setfsuid(2)). Needs root,
   whose own groups are at most CLINUX_GROUPS. */
int clinux_openat2_as(
    const struct clinux_identity *who, int directory, const char *path, int flags, uint64_t resolve);

/* Whether systemd has marked this directory of cgroup2 as given to its unit ("Delegate=", systemd.resource-control(5)). */
int clinux_is_delegated(const char *cgroup);
/* Whether the kernel has seccomp filters (seccomp(2)). */
int clinux_has_seccomp(void);

/* landlock(7): a rule set under which nothing may be written but /dev/null; -1 where the kernel has none. */
int clinux_read_only_ruleset(void);

/* What a child is to be; every descriptor is -1 where there is none. */
struct clinux_child {
    int executable;               /* opened with O_PATH */
    const char *const *arguments; /* argv, NULL at the end */
    const char *const *environment;
    int standard_input;
    int output;                   /* becomes standard output, and standard error where that has none of its own */
    int error_output;
    int file;                     /* becomes descriptor 3 */
    int directory;                /* becomes the working directory; "/" without one */
    int failure;                  /* takes struct clinux_failure if the program cannot be started */
    int read_only_ruleset;
    int cgroup;                   /* of cgroup2, which the child is born into */
    const struct clinux_identity *identity; /* NULL: as whom the daemon runs */
    pid_t parent;                 /* who must still be there: the daemon */
    int no_second_exec;
    int writes_no_file;           /* RLIMIT_FSIZE 0 */
    uint64_t capabilities;        /* those that are kept, or CLINUX_ALL_CAPABILITIES */
    uint64_t memory;              /* RLIMIT_DATA, bytes; 0 for none */
    uint64_t processes;           /* RLIMIT_NPROC, of the whole user; 0 for none */
    uint64_t open_files;          /* RLIMIT_NOFILE */
};

#define CLINUX_ALL_CAPABILITIES UINT64_MAX
/* What root needs to read what is not its own: files, other processes' descriptors, the kernel's log. */
uint64_t clinux_reading_capabilities(void);

struct clinux_failure {
    int32_t step;                 /* one of the CLINUX_STEP values */
    int32_t error;                /* errno */
};

enum {
    CLINUX_STEP_DESCRIPTORS = 1,
    CLINUX_STEP_LIMITS,
    CLINUX_STEP_DIRECTORY,
    CLINUX_STEP_IDENTITY,
    CLINUX_STEP_SANDBOX,
    CLINUX_STEP_EXEC,
    CLINUX_STEP_SESSION,
};

/* The clone and all that follows in the child, until execveat(2): nothing of Swift may run between the two. Not from the
   main thread, to which orphans come. The child dies with the thread that calls it (PR_SET_PDEATHSIG). */
pid_t clinux_spawn(const struct clinux_child *child, int *pidfd);
