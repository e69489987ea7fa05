import ExecutorPolicy
import Systemd

/// The last words of a service, for reports about it; `read_logs` gives more.
struct ServiceLog: Sendable {
    let machine: Machine
    let service: ServiceName
    private let policy: Policy
    /// The definition's log file, where it has one, and permission to read it.
    private let file: (path: String, grant: Grant)?

    init(machine: Machine, service: ServiceName, policy: Policy) {
        (self.machine, self.service, self.policy) = (machine, service, policy)
        if case .defined(let definition) = machine.keeper(of: service), let path = definition.log,
            case .allowed(let grant) = policy.judge(FileLog.command(path, lines: Self.lines))
        {
            file = (path, grant)
        } else {
            file = nil
        }
    }

    private static let lines = 50

    /// The lines that say that something failed.
    ///
    /// - Parameter invocation: Only those of this start, where the journal is the log.
    func errors(_ context: ToolContext, invocation: String? = nil, limit: Int = 5) -> [String] {
        if let file { return LogLines.errors(in: tail(file.grant, file.path, context), limit: limit) }
        let entries = journal(invocation: invocation, lines: 200)
        let errors = entries.filter(Self.isError)
        return Array(LogLines(entries: errors).texts.suffix(limit))
    }

    /// systemd's own news are none, whatever words the name of the unit has: `Started check-failed.service`.
    private static func isError(_ entry: JournalEntry) -> Bool {
        let priority = entry.priority ?? 6
        return priority <= 3 || (LogLines.isError(entry.message) && (entry.pid != "1" || priority <= 4))
    }

    /// What it said since it was started.
    ///
    /// - Parameter since: When that was, in microseconds since 1970. By its time and not by its invocation id: that is
    ///   missing from the words of a process which died before journald had looked at it.
    func start(_ context: ToolContext, since: UInt64?, limit: Int = 12) -> [String] {
        if let file { return Array(tail(file.grant, file.path, context).suffix(limit)) }
        return LogLines(entries: journal(since: since, lines: limit)).texts
    }

    private func journal(invocation: String? = nil, since: UInt64? = nil, lines: Int) -> [JournalEntry] {
        guard machine.hasJournal else { return [] }
        var query = JournalQuery(unit: service.unit, lines: lines)
        (query.invocation, query.since) = (invocation, since)
        return (try? JournalReader(directory: machine.journalDirectory).read(query).entries) ?? []
    }

    private func tail(_ grant: Grant, _ path: String, _ context: ToolContext) -> [String] {
        let log = FileLog(
            machine: machine, policy: policy, query: LogQuery(lines: Self.lines), timeout: nil,
            cancellation: context.cancellation)
        return (try? log.read(grant, path: path)).map { LogLines(lines: $0.lines).texts } ?? []
    }
}
