import CLinux
import ExecutorPolicy
import Glibc
import Wire

/// A started child: its pid, a descriptor that tells of its end, and the reading end of its output.
struct Child: Sendable {
    let processID: pid_t
    let pidfd: Descriptor
    let output: Descriptor
    /// Of standard error, where it has a pipe of its own.
    let errorOutput: Descriptor?

    /// Everything a child's environment has; `docs/SECURITY.md` has the same list.
    static let environment = [
        "HOME=/nonexistent", "LANG=C.UTF-8", "PAGER=cat", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=cat", "SYSTEMD_PAGERSECURE=1", "TERM=dumb",
    ]

    /// With what its rule names; a name that is in both has the rule's value.
    static func environment(of grant: Grant) -> [String] {
        if grant.environment.isEmpty { return environment }
        let kept = environment.filter { entry in
            grant.environment[String(entry.prefix { $0 != "=" })] == nil
        }
        return kept + grant.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// - Parameters:
    ///   - isErrorApart: Whether standard error gets a pipe of its own.
    ///   - readOnlyRuleset: The kernel's rule set for a read-only grant; -1 for none.
    ///   - group: The cgroup it is born into.
    static func start(
        _ command: ResolvedCommand, _ grant: Grant, as identity: ChildIdentity, isErrorApart: Bool, mark: CallMark,
        group: ControlGroup?, readOnlyRuleset: Int32
    ) throws(RunnerError) -> Child {
        let output = try Descriptor.pipe()
        let errorOutput = isErrorApart ? try Descriptor.pipe() : nil
        let failure = try Descriptor.pipe()
        let plan = SpawnPlan(
            command: command, grant: grant, identity: identity, mark: mark, group: group, output: output.writing,
            errorOutput: errorOutput?.writing, failure: failure.writing, readOnlyRuleset: readOnlyRuleset)
        let (pid, pidfd, number) = plan.spawn()
        output.writing.close()
        errorOutput?.writing.close()
        failure.writing.close()
        guard pid > 0 else {
            errno = number
            throw .system("\(grant.executable) could not be started")
        }
        let child = Child(
            processID: pid, pidfd: Descriptor(pidfd), output: output.reading, errorOutput: errorOutput?.reading)
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
        let steps = ["", "descriptors", "limits", "directory", "identity", "sandbox", "program", "session"]
        let step = steps.indices.contains(Int(failure.step)) ? steps[Int(failure.step)] : ""
        errno = failure.error
        throw .system("\(grant.executable) could not be started (\(step))")
    }
}

/// All that `clinux_spawn` needs, held while it runs.
private struct SpawnPlan {
    /// Of all probes together where no cgroup counts those of each call: RLIMIT_NPROC is the user's (getrlimit(2)).
    private static let probeProcesses: UInt64 = 1024

    let command: ResolvedCommand
    let grant: Grant
    let identity: ChildIdentity
    let mark: CallMark
    let group: ControlGroup?
    let output: Descriptor
    let errorOutput: Descriptor?
    let failure: Descriptor
    let readOnlyRuleset: Int32

    /// The pid and the pidfd; or -1 and errno.
    func spawn() -> (pid: pid_t, pidfd: Int32, errno: Int32) {
        let arguments = CStrings(command.arguments)
        let environment = CStrings(Child.environment(of: grant) + [mark.environmentEntry])
        return arguments.withPointer { argv in
            environment.withPointer { envp in
                identity.withCopy { identity in
                    var child = clinux_child()
                    (child.executable, child.arguments, child.environment) = (command.program.number, argv, envp)
                    describe(&child, identity)
                    var pidfd: Int32 = -1
                    let pid = clinux_spawn(&child, &pidfd)
                    return (pid, pidfd, errno)
                }
            }
        }
    }

    private func describe(_ child: inout clinux_child, _ who: UnsafePointer<clinux_identity>) {
        child.parent = getpid()
        child.standard_input = command.standardInput?.number ?? -1
        (child.output, child.failure) = (output.number, failure.number)
        child.error_output = errorOutput?.number ?? -1
        (child.file, child.directory) = (command.file?.number ?? -1, command.directory?.number ?? -1)
        (child.read_only_ruleset, child.cgroup) = (readOnlyRuleset, group?.directory.number ?? -1)
        child.identity = identity.isChange ? who : nil
        child.capabilities = identity.isReadingRoot(grant) ? clinux_reading_capabilities() : .max
        child.no_second_exec = grant.sandbox.noSecondExec ? 1 : 0
        child.writes_no_file = grant.sandbox.readOnlyFileSystem ? 1 : 0
        // Not the address space, of which a program in Go reserves gigabytes that it never uses.
        child.memory = UInt64(grant.limits.memoryBytes)
        child.processes = group == nil && identity.isChange && grant.runAs == .probe ? Self.probeProcesses : 0
        child.open_files = UInt64(grant.limits.openFiles)
    }
}

extension ChildIdentity {
    /// Root only to read what others may not: it keeps no other of root's rights.
    fileprivate func isReadingRoot(_ grant: Grant) -> Bool {
        isChange && userID == 0 && grant.sandbox.readOnlyFileSystem
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
