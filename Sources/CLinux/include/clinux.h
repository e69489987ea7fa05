#pragma once
/* What Glibc does not show to Swift: variadic functions, function-like macros and system calls without a wrapper.
   Each returns what the system call returns; -1 means errno. */
#include <stdint.h>
#include <sys/types.h>

/* eventfd(2), close-on-exec and non-blocking: its header is not in the Glibc module. */
int clinux_eventfd(void);
/* prctl(2) is variadic. PR_SET_CHILD_SUBREAPER: orphaned descendants become children of this process. */
int clinux_set_child_subreaper(void);
/* openat2(2) has no wrapper. `resolve` is a set of RESOLVE_ flags, from below. */
int clinux_openat2(int directory, const char *path, int flags, uint64_t resolve);
/* The same with openat(2) alone, for where a filter refuses openat2(2). */
int clinux_open_beneath(int directory, const char *path, int flags);
uint64_t clinux_resolve_beneath(void);   /* RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS */
/* The pid of a child that has ended and was not waited for, 0 for none; waitid(2) with WNOWAIT. */
pid_t clinux_peek_dead_child(void);

/* landlock(7): a rule set under which nothing may be written but /dev/null; -1 where the kernel has none. */
int clinux_read_only_ruleset(void);

/* What a child is to be; every descriptor is -1 where there is none. */
struct clinux_child {
    int executable;               /* opened with O_PATH */
    const char *const *arguments; /* argv, NULL at the end */
    const char *const *environment;
    int standard_input;
    int output;                   /* becomes standard output and standard error */
    int file;                     /* becomes descriptor 3 */
    int directory;                /* becomes the working directory; "/" without one */
    int failure;                  /* takes struct clinux_failure if the program cannot be started */
    int read_only_ruleset;
    int cgroup;                   /* of cgroup2, which the child is born into */
    int changes_identity;         /* whether uid and gid are to be taken on, without other groups */
    uid_t uid;
    gid_t gid;
    int no_second_exec;
    uint64_t memory;              /* RLIMIT_AS, bytes; 0 for none */
    uint64_t open_files;          /* RLIMIT_NOFILE */
};

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
};

/* clone3(2) and all that follows in the child, until execveat(2); fork(2) cannot give a pidfd, and nothing of
   Swift may run between the two. Call it from a thread that lasts: the child dies with it (PR_SET_PDEATHSIG). */
pid_t clinux_spawn(const struct clinux_child *child, int *pidfd);
