import CLinux
package import ExecutorPolicy
import Glibc
import Synchronization
package import Wire

/// Runs what the policy granted, contained, and nothing else: it takes only a ``Grant``.
///
/// Any thread may call it; each call blocks its own.
package final class Runner: Sendable {
    private struct State {
        var leaders: Set<pid_t> = []
        /// Daemons that a change left behind on purpose, such as a service's start: no later run's end is theirs.
        var released: Set<pid_t> = []
        var cancellations: [ObjectIdentifier: Cancellation] = [:]
        var isStopping = false
    }

    package let configuration: Configuration
    private let identities: ChildIdentity.Table
    private let thread: SpawnThread?
    private let readOnlyRuleset: Descriptor?
    private let state = Mutex(State())
    private let idle = Condition()
    /// Held from a child's start until it is known as a leader: one that ends at once must not be taken for an
    /// orphan and reaped by another run.
    private let nursery = Mutex<Void>(())

    package init(configuration: Configuration) {
        self.configuration = configuration
        identities = ChildIdentity.Table(probeUser: configuration.probeUser)
        // Without a thread every run says so; the daemon stays up.
        thread = try? SpawnThread()
        let ruleset = clinux_read_only_ruleset()
        readOnlyRuleset = ruleset >= 0 ? Descriptor(ruleset) : nil
        _ = clinux_set_child_subreaper()
    }

    /// As whom children run unless their rule says otherwise.
    package var identity: String { identities.probe.name }

    /// What of a rule's sandbox this kernel has not.
    package var unavailableFeatures: [String] { readOnlyRuleset == nil ? ["Landlock"] : [] }

    /// Children now.
    package var running: Int { state.withLock { $0.leaders.count } }

    /// Runs a granted command to its end, and all it started.
    ///
    /// - Parameters:
    ///   - timeout: Shortens the grant's own, never lengthens it.
    ///   - onOutput: Takes masked output as it comes, on a thread of its own; while it does not return, the child's
    ///     pipe fills. The answer does not wait for one that never does.
    /// - Throws: ``RunnerError`` when nothing was run.
    package func run(
        _ grant: Grant, timeout: Duration? = nil, cancellation: Cancellation,
        onOutput: (@Sendable (String) -> Void)? = nil
    ) throws(RunnerError) -> RunResult {
        guard let thread else { throw RunnerError(.cannotStart, "The executor could not start its spawning thread.") }
        let identity = try identities.identity(of: grant.runAs)
        let ruleset = try ruleset(for: grant)
        let command = try ResolvedCommand(grant)
        let stop = Cancellation()
        try enter(stop)
        defer { leave(stop) }
        let wake = try Descriptor.event()
        let pump = try onOutput.map { onOutput throws(RunnerError) in try OutputPump(onOutput) }
        defer { pump?.finish(within: .zero) }
        let child = try nursery.withLock { _ throws(RunnerError) in
            let child = try Child.start(command, grant, as: identity, readOnlyRuleset: ruleset, on: thread)
            state.withLock { _ = $0.leaders.insert(child.processID) }
            return child
        }
        defer { end(child) }
        var supervisor = Supervisor(
            child: child, grant: grant, timeout: min(timeout ?? grant.timeout, grant.timeout),
            patience: configuration.patience, drain: configuration.drain, stop: wake,
            masker: SecretMasker(extraNames: configuration.extraSecretNames),
            stopReason: { stop.reason ?? cancellation.reason },
            tree: { [self] in
                ProcessTree(
                    leader: child.processID,
                    otherLeaders: state.withLock { $0.leaders.union($0.released) }.subtracting([child.processID]))
            }, pump: pump)
        let tell: @Sendable (Cancellation.Reason) -> Void = { _ in wake.raise() }
        let result = cancellation.withHandler(tell) { stop.withHandler(tell) { supervisor.run() } }
        if result.succeeded, grant.effect == .change { release(after: child) }
        return result
    }

    /// A daemon may still be of its command's session: it is about to leave it.
    private func release(after child: Child) {
        let leaders = state.withLock { $0.leaders }.subtracting([child.processID])
        let orphans = ProcessTree.orphans(except: leaders)
        state.withLock { $0.released = orphans }
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

    private func ruleset(for grant: Grant) throws(RunnerError) -> Int32 {
        guard grant.sandbox.readOnlyFileSystem else { return -1 }
        if let readOnlyRuleset { return readOnlyRuleset.number }
        guard configuration.sandboxMode == .lenient else {
            throw RunnerError(
                .notPermitted, "The rule \"\(grant.rule)\" asks for Landlock, which this kernel has not.")
        }
        return -1
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

    private func end(_ child: Child) {
        nursery.withLock { _ in
            let leaders = state.withLock { state in
                state.leaders.remove(child.processID)
                return state.leaders
            }
            ProcessTree.reapOrphans(except: leaders)
        }
    }
}
