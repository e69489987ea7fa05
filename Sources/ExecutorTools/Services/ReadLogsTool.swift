package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
import ExecutorRunner
import Systemd

/// `read_logs`: the last lines a service wrote.
package struct ReadLogsTool: Tool {
    private static let service = Argument<String>.text(
        "service", "The service's or container's name, such as nginx; or a file beneath /var/log.", maximumBytes: 1024)
    private static let source = Argument<String?>.optionalChoice(
        "source", "Where to read; auto looks where this service logs.", of: LogSource.allCases.map(\.rawValue))
    private static let since = Argument<String?>.optionalText(
        "since", "Only lines of the last so long, such as 30m, 2h or 1d; for the journal.", maximumBytes: 16)
    private static let priority = Argument<String?>.optionalChoice(
        "priority", "Only lines so urgent or more; for the journal.", of: LogPriority.names)
    private static let boot = Argument<String?>.optionalChoice(
        "boot", "Only lines of this boot or the one before; for the journal.", of: ["current", "previous"])
    private static let pattern = Argument<String?>.optionalText(
        "pattern", "Only lines that have this text, capital or small.", maximumBytes: 256)

    private let machine: Machine
    private let lines: Argument<Int>
    private let table: ArgumentTable
    package let definition: ToolDefinition

    package init(machine: Machine) {
        self.machine = machine
        let logs = machine.settings.logs
        lines = .integer(
            "lines", "How many of the last lines.", in: 1...logs.maximumLines, default: logs.defaultLines)
        table = ArgumentTable(
            Self.service, lines, Self.source, Self.since, Self.priority, Self.boot, Self.pattern)
        definition = ToolDefinition(
            name: ToolName.readLogs.rawValue, title: "Read a service's log",
            description: """
                Gives the last lines of a service's log, oldest first: from the journal, a file beneath /var/log or a \
                container. Use it to find out why a service failed. Repeated lines are folded with their count, secrets \
                are masked, and it says what was left out. Take `pattern` or `priority` before taking more lines.
                """,
            inputSchema: table.schema, readOnly: true, idempotent: true)
    }

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        do throws(Refusal) {
            let reader = try ArgumentReader(arguments, table: table)
            var query = JournalQuery(lines: try reader.read(lines))
            query.since = try reader.read(Self.since).map { text throws(Refusal) in try Self.moment(text) }
            query.priority = try reader.read(Self.priority).flatMap { LogPriority.number($0) }
            query.boot = try reader.read(Self.boot).map { $0 == "current" ? .current : .previous } ?? .any
            query.pattern = try reader.read(Self.pattern)
            let name = try reader.read(Self.service)
            let source = try reader.read(Self.source).flatMap { LogSource(rawValue: $0) } ?? .auto
            return prepare(try place(of: name, source, policy), query, policy)
        } catch {
            return .refused(error, command: ToolName.readLogs.rawValue)
        }
    }

    private func prepare(_ place: LogPlace, _ query: JournalQuery, _ policy: Policy) -> Preparation {
        let (verdict, command) = place.judge(query.lines, policy)
        return .judged(verdict, command: command, approval: machine.settings.entry(.readLogs).approval) { grant in
            ReadyCall(rule: grant.rule, command: grant.command, effect: .read) { context in
                switch place {
                case .journal(let service):
                    ToolReport(LogAnswer(machine: machine, query: query).journal(service))
                case .file, .container:
                    LogAnswer(machine: machine, query: query).run(grant, place, context)
                }
            }
        }
    }

    /// Where a service's log is; looks for files, reads none.
    private func place(of name: String, _ source: LogSource, _ policy: Policy) throws(Refusal) -> LogPlace {
        if name.hasPrefix("/") {
            guard [.auto, .file].contains(source) else {
                throw Refusal.badArgument("service", "is a file", "a name, for the source \(source.rawValue)")
            }
            return .file(name)
        }
        if source == .container { return .container(name) }
        let service = try ServiceName(name)
        if source == .journal { return .journal(service) }
        if case .defined(let definition) = machine.keeper(of: service), let log = definition.log { return .file(log) }
        let files = LogPlace.files(of: service.program)
        let existing = files.filter { SystemFile.isReadableFile($0) }
        if source == .file {
            guard let file = existing.first ?? files.first else { return .journal(service) }
            return .file(file)
        }
        let isInJournal = machine.hasJournal && LogAnswer.journalKnows(service, machine)
        guard !isInJournal,
            let file = existing.first(where: { path in
                if case .denied = policy.judge(.logFile(path: path, lines: 1)) { return false }
                return true
            })
        else { return .journal(service) }
        return .file(file)
    }

    /// `30m` before now, in microseconds.
    private static func moment(_ text: String) throws(Refusal) -> UInt64 {
        let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = UInt64(text.dropLast()), number <= 100_000
        else {
            throw Refusal.badArgument("since", "is no span of time", "a number and s, m, h or d, such as 30m")
        }
        let now = ClockText.now
        return now - min(now, number * unit * 1_000_000)
    }
}

enum LogSource: String, CaseIterable {
    case auto
    case journal
    case file
    case container
}

enum LogPriority {
    static let names = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
    static func number(_ name: String) -> Int? { names.firstIndex(of: name) }
}
