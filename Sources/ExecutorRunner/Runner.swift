import CLinux
package import ExecutorPolicy
import Glibc
import Synchronization
package import Wire

/// Runs what the policy granted, contained, and nothing else: it takes only a ``Grant``.
///
/// Any thread but the main one may call it; each call blocks its own. A process has one: it is the sub-reaper of all that runs.
package final class Runner: Sendable {
    private struct State {
        var leaders: Set<pid_t> = []
        var cancellations: [ObjectIdentifier: Cancellation] = [:]
        /// Groups of changes that left a daemon behind; removed when it has gone.
        var lingering: [ControlGroup] = []
        var isStopping = false
    }

    package let configuration: Configuration
    private let identities: ChildIdentity.Table
    private let readOnlyRuleset: Descriptor?
    private let hasSeccomp = clinux_has_seccomp() != 0
    private let state = Mutex(State())
    private let idle = Condition()

    package init(configuration: Configuration) {
        self.configuration = configuration
        identities = ChildIdentity.Table(probeUser: configuration.probeUser)
        let ruleset = clinux_read_only_ruleset()
        readOnlyRuleset = ruleset >= 0 ? Descriptor(ruleset) : nil
        _ = clinux_set_child_subreaper()
    }

    /// As whom children run unless their rule says otherwise.
    package var identity: String { identities.probe.name }

    /// What this kernel, or this process's place in it, has not: each a name and what is lost without it.
    package var unavailableFeatures: [String] {
        var missing: [String] = []
        if readOnlyRuleset == nil { missing.append("Landlock") }
        if !hasSeccomp { missing.append("seccomp") }
        if !Orphans.areListed { missing.append("CONFIG_PROC_CHILDREN") }
        return missing
    }

    /// How a call's processes are held together and limited: `cgroup (memory, pids)`, or `process tree`.
    package var containment: String {
        guard let groups = configuration.controlGroups else { return "process tree" }
        let missing = groups.missingControllers
        return missing.isEmpty ? "cgroup" : "cgroup without \(missing.joined(separator: ", "))"
    }

    /// Children now.
    package var running: Int { state.withLock { $0.leaders.count } }

    /// Runs a granted command to its end, and all it started.
    ///
    /// - Parameters:
    ///   - timeout: Shortens the grant's own, never lengthens it.
    ///   - onOutput: Takes masked output as it comes, on a thread of its own; while it does not return, the child's
    ///     pipe fills. The answer does not wait for one that never does.
    ///   - onErrorOutput: Takes standard error apart, likewise; without, it is part of the output.
    /// - Throws: ``RunnerError`` when nothing was run.
    package func run(
        _ grant: Grant, timeout: Duration? = nil, cancellation: Cancellation,
        onOutput: (@Sendable (String) -> Void)? = nil, onErrorOutput: (@Sendable (String) -> Void)? = nil
    ) throws(RunnerError) -> RunResult {
        let stop = Cancellation()
        try enter(stop)
        defer { leave(stop) }
        let wake = try Descriptor.event()
        let pumps = try Pumps(output: onOutput, errorOutput: onErrorOutput)
        defer { pumps.finish() }
        let (child, descendants) = try start(grant, isErrorApart: onErrorOutput != nil)
        var supervisor = Supervisor(
            child: child, grant: grant, timeout: min(timeout ?? grant.timeout, grant.timeout),
            patience: configuration.patience, drain: configuration.drain, stop: wake,
            streams: streams(of: child, grant, pumps), stopReason: { stop.reason ?? cancellation.reason },
            descendants: descendants)
        let tell: @Sendable (Cancellation.Reason) -> Void = { _ in wake.raise() }
        let result = cancellation.withHandler(tell) { stop.withHandler(tell) { supervisor.run() } }
        // What a successful change leaves behind is what it was for: a service's start.
        end(descendants, releasing: result.succeeded && grant.effect == .change)
        return result
    }

    /// Opens the one file a grant names, as it would be handed to the command: beneath its root, through no link, an
    /// ordinary file; and gives it to `body` for reading.
    ///
    /// For a tool that reads what the command would print itself.
    package func withFile<Result>(
        of grant: Grant, _ body: (Int32) -> Result
    ) throws(RunnerError) -> Result {
        let command = try ResolvedCommand(grant, openingAs: identities.opener(for: grant.runAs))
        guard let file = command.standardInput else {
            throw RunnerError(.fileUnavailable, "The command names no file to read.")
        }
        return body(file.number)
    }

    /// The daemon stops: ends every child and waits for it; later runs are refused.
    package func stopAll() {
        let stops = state.withLock { state in
            state.isStopping = true
            return Array(state.cancellations.values)
        }
        for stop in stops { stop.cancel(.stopping) }
        _ = idle.wait(atMost: .seconds(10)) { state.withLock { $0.cancellations.isEmpty } }
    }

    private func start(_ grant: Grant, isErrorApart: Bool) throws(RunnerError) -> (Child, Descendants) {
        // To the main thread orphans come, and its own children would be taken for such.
        guard gettid() != getpid() else { throw RunnerError(.cannotStart, "No command runs on the main thread.") }
        let identity = try identities.identity(of: grant.runAs)
        let ruleset = try ruleset(for: grant)
        let command = try ResolvedCommand(grant, openingAs: identities.opener(for: grant.runAs))
        let mark = CallMark()
        let group = try configuration.controlGroups.map { groups throws(RunnerError) in
            try groups.make(for: mark, grant.limits)
        }
        do throws(RunnerError) {
            let child = try Child.start(
                command, grant, as: identity, isErrorApart: isErrorApart, mark: mark, group: group,
                readOnlyRuleset: ruleset)
            state.withLock { _ = $0.leaders.insert(child.processID) }
            return (child, Descendants(mark: mark, leader: child.processID, group: group))
        } catch {
            group?.remove()
            throw error
        }
    }

    private func streams(of child: Child, _ grant: Grant, _ pumps: Pumps) -> [ChildStream] {
        func stream(_ pipe: Descriptor, _ pump: OutputPump?) -> ChildStream {
            ChildStream(
                pipe: pipe, limit: grant.limits.outputBytes,
                masker: SecretMasker(extraNames: configuration.extraSecretNames), pump: pump)
        }
        return [stream(child.output, pumps.output)]
            + (child.errorOutput.map { [stream($0, pumps.errorOutput)] } ?? [])
    }

    private func end(_ descendants: Descendants, releasing: Bool) {
        let leaders = state.withLock { state in
            state.leaders.remove(descendants.leader)
            return state.leaders
        }
        if releasing {
            descendants.group?.release()
            Orphans.reap(except: leaders)
        } else {
            descendants.endLeftovers(except: leaders)
        }
        state.withLock { state in
            if let group = descendants.group { state.lingering.append(group) }
            state.lingering.removeAll { $0.remove() }
        }
    }

    private func ruleset(for grant: Grant) throws(RunnerError) -> Int32 {
        let missing =
            switch grant.sandbox {
            case let box where box.readOnlyFileSystem && readOnlyRuleset == nil: "Landlock"
            case let box where box.noSecondExec && !hasSeccomp: "seccomp"
            default: nil as String?
            }
        if let missing, configuration.sandboxMode == .strict {
            throw RunnerError(
                .notPermitted,
                "The rule \"\(grant.rule)\" asks for \(missing), which this kernel has not; \"sandbox\": \"lenient\" in executor.json does without."
            )
        }
        return grant.sandbox.readOnlyFileSystem ? readOnlyRuleset?.number ?? -1 : -1
    }

    private func enter(_ stop: Cancellation) throws(RunnerError) {
        let isOpen = state.withLock { state in
            if !state.isStopping { state.cancellations[ObjectIdentifier(stop)] = stop }
            return !state.isStopping
        }
        if !isOpen { throw RunnerError(.cannotStart, "The executor is stopping; try again in a moment.") }
    }

    private func leave(_ stop: Cancellation) {
        state.withLock { $0.cancellations[ObjectIdentifier(stop)] = nil }
        idle.signal()
    }
}
