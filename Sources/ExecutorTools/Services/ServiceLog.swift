import ExecutorPolicy
import ExecutorRunner
import Systemd

/// The last words of a service, for reports about it; `read_logs` gives more.
struct ServiceLog: Sendable {
    let machine: Machine
    let service: ServiceName
    /// Permission to read the definition's log file, where it has one and the rules allow it.
    private let file: Grant?

    init(machine: Machine, service: ServiceName, policy: Policy) {
        (self.machine, self.service) = (machine, service)
        if case .defined(let definition) = machine.keeper(of: service), let path = definition.log,
            case .allowed(let grant) = policy.judge(.logFile(path: path, lines: Self.lines))
        {
            file = grant
        } else {
            file = nil
        }
    }

    private static let lines = 50

    /// The lines that say that something failed.
    ///
    /// - Parameter invocation: Only those of this start, where the journal is the log.
    func errors(_ context: ToolContext, invocation: String? = nil, limit: Int = 5) -> [String] {
        if let file { return LogLines.errors(in: tail(file, context), limit: limit) }
        let entries = journal(invocation: invocation, lines: 200)
        let errors = entries.filter { ($0.priority ?? 6) <= 3 || LogLines.isError($0.message) }
        return Array(LogLines(entries: errors).texts.suffix(limit))
    }

    /// What it said since it was started.
    ///
    /// - Parameter since: When that was, in microseconds since 1970. By its time and not by its invocation id: that is
    ///   missing from the words of a process which died before journald had looked at it.
    func start(_ context: ToolContext, since: UInt64?, limit: Int = 12) -> [String] {
        if let file { return Array(tail(file, context).suffix(limit)) }
        return LogLines(entries: journal(since: since, lines: limit)).texts
    }

    private func journal(invocation: String? = nil, since: UInt64? = nil, lines: Int) -> [JournalEntry] {
        guard machine.hasJournal else { return [] }
        var query = JournalQuery(unit: service.unit, lines: lines)
        (query.invocation, query.since) = (invocation, since)
        return (try? JournalReader(directory: machine.journalDirectory).read(query).entries) ?? []
    }

    private func tail(_ grant: Grant, _ context: ToolContext) -> [String] {
        let run = try? machine.runner.run(grant, timeout: nil, cancellation: context.cancellation, onOutput: nil)
        guard let run, run.succeeded else { return [] }
        return LogLines(text: run.output).texts
    }
}
