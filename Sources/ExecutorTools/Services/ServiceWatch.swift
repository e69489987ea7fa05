import ExecutorPolicy
import ExecutorRunner
import Systemd
import Wire

/// Asks how a service is, and waits until it is otherwise.
struct ServiceWatch: Sendable {
    let machine: Machine
    let service: ServiceName
    let keeper: ServiceKeeper
    /// Permission to run the definition's status line, where it has one and the rules allow it.
    let status: Grant?

    init(machine: Machine, service: ServiceName, policy: Policy) {
        (self.machine, self.service) = (machine, service)
        keeper = machine.keeper(of: service)
        if case .defined(let definition) = keeper, let line = definition.status,
            case .allowed(let grant) = policy.judge(line: line), grant.effect == .read
        {
            status = grant
        } else {
            status = nil
        }
    }

    func snapshot(_ context: ToolContext) throws(SystemdError) -> ServiceSnapshot {
        switch keeper {
        case .systemd(let bus): return ServiceSnapshot(try bus.unit(service.unit))
        case .defined(let definition): return snapshot(definition, context)
        case .nobody: return processes()
        }
    }

    private func snapshot(_ definition: ServiceDefinition, _ context: ToolContext) -> ServiceSnapshot {
        let name = service.short
        if let path = definition.pidFile {
            let pid = SystemFile.number(path).flatMap { Int32(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
            if let pid, isAlive(pid, definition.program) {
                return ServiceSnapshot(name: name, activity: .active, pid: pid, source: "its pid file \(path) names it")
            }
            let reason = pid.map { "\(path) names pid \($0), which is not running" } ?? "there is no pid in \(path)"
            return ServiceSnapshot(name: name, activity: .inactive, source: reason)
        }
        guard let status else {
            return ServiceSnapshot(
                name: name, activity: .unknown, source: "the rules do not allow its status line to be run")
        }
        guard
            let run = try? machine.runner.run(
                status, timeout: nil, cancellation: context.cancellation, onOutput: nil), run.ending == .itself
        else { return ServiceSnapshot(name: name, activity: .unknown, source: "`\(status.command)` did not finish") }
        return ServiceSnapshot(
            name: name, activity: run.succeeded ? .active : .inactive,
            source: "`\(status.command)` \(run.succeeded ? "says so" : "failed")")
    }

    private func isAlive(_ pid: Int32, _ program: String?) -> Bool {
        guard let process = machine.processes.process(pid), !["Z", "X"].contains(process.state) else { return false }
        guard let program else { return true }
        let path = machine.processes.executable(of: pid)
        return process.name == String(program.prefix(15))
            || path?.split(separator: "/").last.map(String.init) == program
            || machine.processes.command(of: pid)?.split(separator: " ").contains { word in
                word.split(separator: "/").last.map(String.init) == program
            } == true
    }

    /// Without a keeper, what can be seen: a process of that name says that it runs; none says nothing sure.
    private func processes() -> ServiceSnapshot {
        let found = machine.processes.processes(named: service.program).filter { $0.state != "Z" }
        let names = Set(found.map(\.pid))
        guard let oldest = found.first(where: { !names.contains($0.parent) }) ?? found.first else {
            return ServiceSnapshot(
                name: service.short, activity: .unknown,
                source: "no process is called \(service.program); it may run under another name")
        }
        let more = found.count > 1 ? " and \(found.count - 1) more" : ""
        return ServiceSnapshot(
            name: service.short, activity: .active, pid: oldest.pid,
            source: "a process of that name runs: pid \(oldest.pid)\(more)")
    }

    /// Waits until `done`, looking every 50 ms; the last look is the answer.
    func wait(
        atMost limit: Duration, _ context: ToolContext, until done: (ServiceSnapshot) -> Bool
    ) throws(SystemdError) -> ServiceSnapshot {
        let deadline = ContinuousClock.now + limit
        while true {
            let snapshot = try snapshot(context)
            if done(snapshot) || ContinuousClock.now >= deadline || context.cancellation.reason != nil {
                return snapshot
            }
            pause(.milliseconds(50), context)
        }
    }

    /// Watches it stay up; ends at once when it does not.
    ///
    /// - Returns: The last look, and why it is not stable, or `nil`.
    func hold(
        _ time: Duration, from first: ServiceSnapshot, _ context: ToolContext
    ) throws(SystemdError) -> (last: ServiceSnapshot, problem: String?) {
        let last = try wait(atMost: time, context) { Self.change(from: first, to: $0) != nil }
        return (last, Self.change(from: first, to: last))
    }

    private static func change(from first: ServiceSnapshot, to now: ServiceSnapshot) -> String? {
        if now.activity != .active { return "it did not stay up: \(now.words)" }
        if let before = first.unit?.restarts, let after = now.unit?.restarts, after > before {
            return "systemd had to restart it (\(after) restarts in all)"
        }
        if let before = first.pid, let after = now.pid, before != after {
            return "its main process died and was replaced (pid \(before), then \(after))"
        }
        return nil
    }

    /// Ends early when the call is cancelled.
    private func pause(_ time: Duration, _ context: ToolContext) {
        let condition = Condition()
        context.cancellation.withHandler({ _ in condition.signal() }) {
            _ = condition.wait(atMost: time) { context.cancellation.reason != nil }
        }
    }
}
