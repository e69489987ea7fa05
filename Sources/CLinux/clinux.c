#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Descriptors of the child's set-up live from here on, out of the way of 0 to 3. */
#define HIGH_DESCRIPTOR 1000

/* As systemd's ntp_synced(): the kernel sets the error to 16 s and lets it grow while nobody disciplines the clock. */
int clinux_clock_is_synchronised(void) {
    struct timex clock = {0};
    if (adjtimex(&clock) < 0) return -1;
    return clock.maxerror < 16000000;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_limit_heaps(int count) {
    return mallopt(M_ARENA_MAX, count);
}

int clinux_set_child_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int clinux_openat2(int directory, const char *path, int flags, uint64_t resolve) {
    struct open_how how = {.flags = (uint64_t)flags, .resolve = resolve};
    int descriptor = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    /* A seccomp filter cannot look into a struct, so systemd's RestrictSUIDSGID= answers ENOSYS for all of openat2;
       so do old container engines. The only set of RESOLVE_ flags used here can be kept step by step too. */
    if (descriptor < 0 && errno == ENOSYS && resolve == clinux_resolve_beneath())
        return clinux_open_beneath(directory, path, flags);
    return descriptor;
}

uint64_t clinux_resolve_beneath(void) { return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS; }

/* For the kernel's checks of files, becomes `who` on this thread alone: Glibc's functions would change every thread. */
static void take_file_identity(uid_t uid, gid_t gid, size_t count, const gid_t *groups) {
    /* A thread that cannot become what it must, or be again what it was, may not go on. */
    if (syscall(SYS_setgroups, count, groups) != 0) abort();
    syscall(SYS_setfsgid, gid);
    syscall(SYS_setfsuid, uid);
    /* They answer with the value before the call; of an impossible one, with the value as it is (setfsuid(2)). */
    if ((gid_t)syscall(SYS_setfsgid, -1) != gid || (uid_t)syscall(SYS_setfsuid, -1) != uid) abort();
}

int clinux_openat2_as(
    const struct clinux_identity *who, int directory, const char *path, int flags, uint64_t resolve) {
    gid_t groups[CLINUX_GROUPS];
    int count = getgroups(CLINUX_GROUPS, groups);
    if (count < 0) return -1;
    gid_t gid = getegid();
    uid_t uid = geteuid();
    take_file_identity(who->uid, who->gid, who->group_count, who->groups);
    int result = clinux_openat2(directory, path, flags, resolve);
    int error = errno;
    take_file_identity(uid, gid, (size_t)count, groups);
    errno = error;
    return result;
}

int clinux_is_delegated(const char *cgroup) {
    char value[2];
    return (getxattr(cgroup, "trusted.delegate", value, sizeof value) == 1 && value[0] == '1') ||
           (getxattr(cgroup, "user.delegate", value, sizeof value) == 1 && value[0] == '1');
}

int clinux_has_seccomp(void) {
    /* EFAULT: the kernel would have read the filter; EINVAL: it knows no filters (seccomp(2)). */
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EFAULT;
}

int clinux_read_only_ruleset(void) {
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return -1;
    /* Every right to write of the first version; later versions add two more (landlock(7)). */
    uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                      LANDLOCK_ACCESS_FS_MAKE_SYM;
    if (abi >= 2) rights |= 1ULL << 13; /* LANDLOCK_ACCESS_FS_REFER */
    if (abi >= 3) rights |= 1ULL << 14; /* LANDLOCK_ACCESS_FS_TRUNCATE */
    struct landlock_ruleset_attr attributes = {.handled_access_fs = rights};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0) return -1;
    int null = open("/dev/null", O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE, .parent_fd = null};
    int result = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (null >= 0) close(null);
    if (result != 0) {
        close(ruleset);
        return -1;
    }
    return ruleset;
}

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "Name this machine's AUDIT_ARCH here."
#endif

/* An empty path at an address that nobody can guess, for the one execveat(2) that is to be let through. The new program
   has another memory, in which nothing tells of it; a guess is a system call each, and there are 2^38 or more. */
#define EMPTY_PATH_BYTES 4096
static const char *unguessable_empty_path(void) {
    for (int attempt = 0; attempt < 16; attempt++) {
        uint64_t random;
        if (getrandom(&random, sizeof random, 0) != sizeof random) return NULL;
        /* The smaller half of the smallest user address space of the two architectures comes last. */
        uint64_t address = random & ((attempt < 8 ? 1ULL << 46 : 1ULL << 38) - 1);
        void *page = mmap((void *)(address & ~4095ULL), EMPTY_PATH_BYTES, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (page != MAP_FAILED) return (const char *)address;
    }
    return NULL;
}

/* Refuses execve(2), and execveat(2) but for the path at that very address. */
static int forbid_second_exec(const char *path) {
    uint64_t address = (uint64_t)(uintptr_t)path;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        /* The x32 calls have bit 30 set, and another number for execve. */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 5),
        /* Both architectures are little-endian. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)address, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(address >> 32), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

/* Gives up all capabilities but these. What root's next program would get back is cut to the same by no_new_privs
   (execve(2), "Safely changing user IDs"; capabilities(7)). */
static int keep_capabilities(uint64_t kept) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    for (int half = 0; half < _LINUX_CAPABILITY_U32S_3; half++) {
        uint32_t mask = (uint32_t)(kept >> (32 * half));
        data[half].permitted &= mask;
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    return (int)syscall(SYS_capset, &header, data);
}

uint64_t clinux_reading_capabilities(void) {
    return 1ULL << CAP_DAC_READ_SEARCH | 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_SYSLOG;
}

static int lift(int descriptor) { return descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR); }

static int set_limit(int resource, uint64_t value) {
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &limit);
}

static _Noreturn void fail(int descriptor, int step) {
    struct clinux_failure failure = {.step = step, .error = errno};
    /* Nobody is left to tell when this fails too: the exit status says the rest. */
    ssize_t ignored = write(descriptor, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

/* What the daemon handles or ignores. In memory that is its own too, none of its handlers may run here: so the caller has
   blocked every signal, and they are let in when nothing but the default is left for them. */
static void default_signals(void) {
    /* The kernel's struct, larger than any: Glibc's function leaves out the two signals that are its own. */
    const unsigned long by_default[8] = {0};
    for (int number = 1; number <= NSIG - 1; number++)
        syscall(SYS_rt_sigaction, number, by_default, NULL, sizeof(uint64_t));
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A child, and where the empty path lies by which its program is executed. */
struct birth {
    const struct clinux_child *child;
    const char *path;
};

static _Noreturn void become(const struct birth *birth) {
    const struct clinux_child *child = birth->child;
    const char *path = birth->path;
    int failure = lift(child->failure);
    int executable = lift(child->executable), directory = lift(child->directory);
    int ruleset = lift(child->read_only_ruleset);
    int input = lift(child->standard_input), output = lift(child->output), file = lift(child->file);
    int error_output = child->error_output >= 0 ? lift(child->error_output) : output;
    if (failure < 0 || executable < 0 || output < 0 || error_output < 0) fail(child->failure, CLINUX_STEP_DESCRIPTORS);

    if (setsid() < 0) fail(failure, CLINUX_STEP_SESSION);
    default_signals();
    umask(077);

    if (input < 0) input = open("/dev/null", O_RDONLY);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error_output, 2) < 0) fail(failure, CLINUX_STEP_DESCRIPTORS);
    if (file >= 0 && dup2(file, 3) < 0) fail(failure, CLINUX_STEP_DESCRIPTORS);
    if (syscall(SYS_close_range, file >= 0 ? 4 : 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        fail(failure, CLINUX_STEP_DESCRIPTORS);

    uint64_t files = child->open_files < HIGH_DESCRIPTOR ? child->open_files : HIGH_DESCRIPTOR;
    if (set_limit(RLIMIT_CORE, 0) != 0 || set_limit(RLIMIT_NOFILE, files) != 0 ||
        (child->memory > 0 && set_limit(RLIMIT_DATA, child->memory) != 0) ||
        (child->processes > 0 && set_limit(RLIMIT_NPROC, child->processes) != 0) ||
        (child->writes_no_file && set_limit(RLIMIT_FSIZE, 0) != 0))
        fail(failure, CLINUX_STEP_LIMITS);

    if ((directory >= 0 ? fchdir(directory) : chdir("/")) != 0) fail(failure, CLINUX_STEP_DIRECTORY);

    /* The system calls themselves: Glibc's functions change every thread, and to do so take a lock that another
       thread of the parent may have held at the moment of the clone (nptl(7), "C library/kernel differences"). */
    const struct clinux_identity *who = child->identity;
    if (who && (syscall(SYS_setgroups, who->group_count, who->groups) != 0 ||
                syscall(SYS_setresgid, who->gid, who->gid, who->gid) != 0 ||
                syscall(SYS_setresuid, who->uid, who->uid, who->uid) != 0))
        fail(failure, CLINUX_STEP_IDENTITY);
    /* After the change of identity, which clears it (prctl(2)). */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail(failure, CLINUX_STEP_SESSION);
    /* A parent that died before that sends no signal any more. */
    if (getppid() != child->parent) _exit(127);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(failure, CLINUX_STEP_SANDBOX);
    if (child->capabilities != CLINUX_ALL_CAPABILITIES && keep_capabilities(child->capabilities) != 0)
        fail(failure, CLINUX_STEP_SANDBOX);
    if (ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) fail(failure, CLINUX_STEP_SANDBOX);
    if (child->no_second_exec && forbid_second_exec(path) != 0) fail(failure, CLINUX_STEP_SANDBOX);

    syscall(SYS_execveat, executable, path, child->arguments, child->environment, AT_EMPTY_PATH);
    /* A script's interpreter opens it as /dev/fd/N, so for a script it has to stay open (execveat(2), BUGS). */
    if (errno == ENOENT && fcntl(executable, F_SETFD, 0) == 0)
        syscall(SYS_execveat, executable, path, child->arguments, child->environment, AT_EMPTY_PATH);
    fail(failure, CLINUX_STEP_EXEC);
}

/* For a child that was not born into its group. */
static int join_cgroup(int cgroup) {
    int processes = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (processes < 0) return -1;
    ssize_t written = write(processes, "0", 1);
    close(processes);
    return written == 1 ? 0 : -1;
}

static int join_and_become(void *context) {
    const struct clinux_child *child = ((const struct birth *)context)->child;
    if (child->cgroup >= 0 && join_cgroup(child->cgroup) != 0) fail(child->failure, CLINUX_STEP_LIMITS);
    become(context);
}

/* Born into its group, with a copy of this process's memory. */
static pid_t clone_into_cgroup(const struct birth *birth, int *pidfd) {
    struct clone_args arguments = {
        .flags = CLONE_PIDFD | CLONE_INTO_CGROUP, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD,
        .cgroup = (uint64_t)birth->child->cgroup};
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) become(birth);
    return pid;
}

/* Enough for become(), of which the kernel's structs are the most. */
#define CHILD_STACK (64 << 10)

/* In this process's memory until its program runs, as posix_spawn(3) does it; this thread waits. */
static pid_t clone_in_place(struct birth *birth, int *pidfd) {
    char stack[CHILD_STACK] __attribute__((aligned(16)));
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    return clone(join_and_become, stack + sizeof stack, flags, birth, pidfd);
}

pid_t clinux_spawn(const struct clinux_child *child, int *pidfd) {
    struct birth birth = {.child = child, .path = child->no_second_exec ? unguessable_empty_path() : ""};
    if (!birth.path) return -1;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = child->cgroup >= 0 ? clone_into_cgroup(&birth, pidfd) : -1;
    /* systemd's RestrictNamespaces= cannot look into clone3's struct, and answers ENOSYS, so that clone(2) is taken,
       whose flags it sees. */
    if (child->cgroup < 0 || (pid < 0 && errno == ENOSYS)) pid = clone_in_place(&birth, pidfd);
    int number = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child->no_second_exec) munmap((void *)birth.path, EMPTY_PATH_BYTES);
    errno = number;
    return pid;
}
