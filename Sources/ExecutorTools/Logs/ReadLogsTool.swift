package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
import Systemd

/// `read_logs`: the last lines a service wrote.
package struct ReadLogsTool: Tool {
    private static let service = Argument<String>.text(
        "service", "The service's or container's name, such as nginx; or a file beneath /var/log.", maximumBytes: 1024)
    private static let source = Argument<String?>.optionalChoice(
        "source", "Where to read; auto looks where this service logs.", of: LogSource.allCases.map(\.rawValue))
    private static let since = Argument<String?>.optionalText(
        "since", "Only lines from then on: \(LogMoment.wanted).", maximumBytes: 64)
    private static let until = Argument<String?>.optionalText(
        "until", "Only lines up to then, said like since.", maximumBytes: 64)
    private static let priority = Argument<String?>.optionalChoice(
        "priority", "Only lines so urgent or more; the journal alone has it.", of: LogPriority.names)
    private static let boot = Argument<String?>.optionalChoice(
        "boot", "Only lines of this boot or the one before; the journal alone has it.", of: ["current", "previous"])
    private static let pattern = Argument<String?>.optionalText(
        "pattern",
        "Only lines that have this text, capital or small; alternatives with | between them, such as error|timed out. "
            + "No regular expression.", maximumBytes: LogPattern.maximumBytes)

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
            Self.service, lines, Self.source, Self.since, Self.until, Self.priority, Self.boot, Self.pattern)
        definition = ToolDefinition(
            name: ToolName.readLogs.rawValue, title: "Read a service's log",
            description: """
                Gives the last lines of a service's log, oldest first: from the journal, a file beneath /var/log with \
                those rotated away from it, or a container. Use it to find out why a service failed. Repeated lines are \
                folded with their count, secrets are masked, and it says what was left out. Take `since`, `pattern` or \
                `priority` before taking more lines.
                """,
            inputSchema: table.schema, readOnly: true, idempotent: true)
    }

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.readLogs) { () throws(Refusal) in
            let reader = try ArgumentReader(arguments, table: table)
            let query = try query(reader)
            let source = try reader.read(Self.source).flatMap { LogSource(rawValue: $0) } ?? .auto
            let place = try place(of: try reader.read(Self.service), source, policy)
            try Self.check(query, fits: place)
            let (verdict, command) = place.judge(query, policy)
            let answer = LogAnswer(machine: machine, policy: policy, query: query, place: place)
            return .judged(verdict, command: command, approval: machine.settings.entry(.readLogs).approval) { grant in
                ReadyCall(rule: grant.rule, command: grant.command, effect: .read) { answer.read(grant, $0) }
            }
        }
    }

    private func query(_ reader: ArgumentReader) throws(Refusal) -> LogQuery {
        var query = LogQuery(lines: try reader.read(lines))
        try query.readWindow(since: try reader.read(Self.since), until: try reader.read(Self.until))
        query.priority = try reader.read(Self.priority).flatMap { LogPriority.number($0) }
        query.boot = try reader.read(Self.boot).map { $0 == "current" ? .current : .previous } ?? .any
        if let pattern = try reader.read(Self.pattern) { query.pattern = try LogPattern(pattern) }
        return query
    }

    /// What a place cannot answer is refused, rather than left unsaid.
    private static func check(_ query: LogQuery, fits place: LogPlace) throws(Refusal) {
        if case .journal = place { return }
        let name = query.priority != nil ? "priority" : query.boot != .any ? "boot" : nil
        guard let name else { return }
        let (source, log) = place.names
        throw Refusal(
            .invalidArguments,
            message: "The argument '\(name)' is for the journal, and the log of \(log) is a \(source.rawValue).",
            alternative: "Leave '\(name)' out; 'since' and 'pattern' such as error|fail narrow it.")
    }

    /// Where a service's log is; looks for files that the rules let be read, reads none.
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
        let existing = LogPlace.readableFiles(of: service.program, policy)
        if source == .file {
            guard let file = existing.first ?? LogPlace.files(of: service.program).first else {
                return .journal(service)
            }
            return .file(file)
        }
        let isInJournal = machine.hasJournal && LogAnswer.journalKnows(service, machine)
        guard !isInJournal, let file = existing.first else { return .journal(service) }
        return .file(file)
    }
}
