import CLinux
import ExecutorPolicy
import Glibc
import Wire

/// A started child: its pid, a descriptor that tells of its end, and the reading end of its output.
struct Child: Sendable {
    let processID: pid_t
    let pidfd: Descriptor
    let output: Descriptor

    /// Everything a child's environment has; `docs/SECURITY.md` has the same list.
    static let environment = [
        "HOME=/nonexistent", "LANG=C.UTF-8", "PAGER=cat", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=cat", "SYSTEMD_PAGERSECURE=1", "TERM=dumb",
    ]

    /// - Parameter readOnlyRuleset: The kernel's rule set for a read-only grant; -1 for none.
    static func start(
        _ command: ResolvedCommand, _ grant: Grant, as identity: ChildIdentity, readOnlyRuleset: Int32,
        on thread: SpawnThread
    ) throws(RunnerError) -> Child {
        let output = try Descriptor.pipe()
        let failure = try Descriptor.pipe()
        let plan = SpawnPlan(
            command: command, grant: grant, identity: identity, output: output.writing, failure: failure.writing,
            readOnlyRuleset: readOnlyRuleset)
        let (pid, pidfd, number) = thread.perform { plan.spawn() }
        output.writing.close()
        failure.writing.close()
        guard pid > 0 else {
            errno = number
            throw .system("\(grant.executable) could not be started")
        }
        let child = Child(processID: pid, pidfd: Descriptor(pidfd), output: output.reading)
        try child.checkStarted(failure.reading, grant)
        return child
    }

    /// What the child writes before its program runs is why it does not; the end of the pipe says that it does.
    private func checkStarted(_ pipe: Descriptor, _ grant: Grant) throws(RunnerError) {
        var failure = clinux_failure()
        _ = fcntl(pipe.number, F_SETFL, 0)
        guard read(pipe.number, &failure, MemoryLayout<clinux_failure>.size) > 0 else { return }
        var status: Int32 = 0
        waitpid(processID, &status, 0)
        let steps = ["", "descriptors", "limits", "directory", "identity", "sandbox", "program"]
        errno = failure.error
        throw .system("\(grant.executable) could not be started (\(steps[min(max(0, Int(failure.step)), 6)]))")
    }
}

/// All that `clinux_spawn` needs, held while it runs.
private struct SpawnPlan: Sendable {
    let command: ResolvedCommand
    let grant: Grant
    let identity: ChildIdentity
    let output: Descriptor
    let failure: Descriptor
    let readOnlyRuleset: Int32

    /// The pid and the pidfd; or -1 and errno.
    func spawn() -> (pid: pid_t, pidfd: Int32, errno: Int32) {
        let arguments = CStrings(command.arguments)
        let environment = CStrings(Child.environment)
        return arguments.withPointer { argv in
            environment.withPointer { envp in
                var child = clinux_child()
                (child.executable, child.arguments, child.environment) = (command.program.number, argv, envp)
                child.standard_input = command.standardInput?.number ?? -1
                (child.output, child.failure) = (output.number, failure.number)
                (child.file, child.directory) = (command.file?.number ?? -1, command.directory?.number ?? -1)
                (child.read_only_ruleset, child.cgroup) = (readOnlyRuleset, -1)
                child.changes_identity = identity.isChange ? 1 : 0
                (child.uid, child.gid) = (identity.userID, identity.groupID)
                child.no_second_exec = grant.sandbox.noSecondExec ? 1 : 0
                // An address space is several times what is used of it; a program in Go reserves gigabytes.
                child.memory = 0
                child.open_files = UInt64(grant.limits.openFiles)
                var pidfd: Int32 = -1
                let pid = clinux_spawn(&child, &pidfd)
                return (pid, pidfd, errno)
            }
        }
    }
}

/// Strings as C wants a list of them.
private struct CStrings {
    private let strings: [String]
    init(_ strings: [String]) { self.strings = strings }

    func withPointer<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
        return body(&pointers)
    }
}
