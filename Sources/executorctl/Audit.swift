import CommandArguments
import ExecutorAPI
import ExecutorClient
import StrictJSON

extension ExecutorCtl {
    enum Audit {
        static let command = Command(
            "audit", "The audit log.", subcommands: [Query.command, Tail.command, Verify.command])
    }
}

extension ExecutorCtl.Audit {
    struct Query: Subcommand {
        static let command = Command(
            "query", "Records, newest first.", options: Filter.options + [limit, cursor], action: type)
        private static let limit = CommandOption.value("--limit", presence: .defaulting(to: "50"), "Records at most.")
        private static let cursor = CommandOption.value("--cursor", "Where the last page ended.")

        let connection: Connection
        private let filter: Filter
        private let limit: Int
        private let cursor: String?

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            filter = Filter(given)
            limit = try given.integer(Self.limit)
            cursor = given[Self.cursor]
        }

        func run() async throws {
            try await connection.withClient { client in
                let (records, next) = try await filter.pages(client, limit: limit, from: cursor)
                if connection.json {
                    let answer: JSONValue = ["records": .array(records), "cursor": JSONValue(next)]
                    return Terminal.printLine(answer.text)
                }
                records.map(Self.line).forEach(Terminal.printLine)
                if let next { Terminal.printLine("More: --cursor \(next)") }
            }
        }

        /// One record on one line: sequence, time, kind, who, what, by which rule, how it ended.
        static func line(_ record: JSONValue) -> String {
            let argv = record["argv"]?.arrayValue?.compactMap(\.stringValue).joined(separator: " ")
            let exit = record["exit"]?.intValue.map { "exit \($0)" }
            let peer = record["peer"]?["uid"]?.intValue.map { "uid \($0)" }
            let fields = [
                record["seq"]?.intValue.map(String.init), record["time"]?.stringValue, record["kind"]?.stringValue,
                peer, record["tool"]?.stringValue, argv, record["rule"]?.stringValue.map { "[\($0)]" }, exit,
            ]
            return harmless(fields.compactMap { $0 }.joined(separator: "  "))
        }

        /// Refused commands are recorded as they came: what would drive a terminal or turn a line around is a `?`.
        private static func harmless(_ text: String) -> String {
            let unseen: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
            let scalars = text.unicodeScalars.map { unseen.contains($0.properties.generalCategory) ? "?" : $0 }
            return String(String.UnicodeScalarView(scalars))
        }
    }

    struct Tail: Subcommand {
        static let command = Command(
            "tail", "The last records, oldest first.", options: Filter.options + [lines, follow], action: type)
        private static let lines = CommandOption.value(
            "--lines", letter: "l", presence: .defaulting(to: "20"), "How many.")
        private static let follow = CommandOption.flag("--follow", letter: "f", "Go on as records are written.")
        private static let interval = Duration.milliseconds(300)

        let connection: Connection
        private let filter: Filter
        private let lines: Int
        private let follow: Bool

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            filter = Filter(given)
            lines = try given.integer(Self.lines)
            follow = given.has(Self.follow)
        }

        func run() async throws {
            try await connection.withClient { client in
                let (records, _) = try await filter.pages(client, limit: lines)
                records.reversed().forEach(show)
                guard follow else { return }
                var last = records.first?["seq"]?.intValue ?? 0
                while true {
                    try await Task.sleep(for: Self.interval)
                    last = try await showNewer(client, than: last)
                }
            }
        }

        /// Page by page, the oldest first: however many there are, none is left out. Returns how far they went.
        private func showNewer(_ client: ExecutorClient, than last: Int) async throws -> Int {
            let begun = ["order": "oldest", "after_seq": JSONValue(last), "limit": JSONValue(ExecutorLimits.auditPage)]
            let page = try await client.request(.auditQuery, filter.members.merging(begun) { $1 })
            page["records"]?.arrayValue?.forEach(show)
            return max(last, page["seen"]?.intValue ?? last)
        }

        private func show(_ record: JSONValue) {
            Terminal.printLine(connection.json ? record.text : Query.line(record))
        }
    }

    struct Verify: Subcommand {
        static let command = Command(
            "verify", "Check the whole chain: an edit, a reordering, a removed file, a cut tail.", options: [head],
            action: type)
        private static let head = CommandOption.value("--head", "A head noted earlier; the log must contain it.")

        let connection: Connection
        private let head: String?

        init(_ given: GivenArguments) {
            connection = Connection(given)
            head = given[Self.head]
        }

        func run() async throws {
            try await connection.withClient { client in
                let verdict = try await client.request(.auditVerify, head.map { ["head": .string($0)] } ?? [:])
                let isGood = verdict["intact"]?.boolValue ?? false
                if connection.json {
                    Terminal.printLine(verdict.text)
                } else {
                    Terminal.printLine(verdict["message"]?.stringValue ?? verdict.text)
                }
                if !isGood { throw ExitCode(1) }
            }
        }
    }
}

extension ExecutorCtl.Audit {
    /// Which records are meant.
    struct Filter {
        static let options: [CommandOption] = [
            .value("--since", "Not before this time (RFC 3339)."),
            .value("--until", "Before this time (RFC 3339)."),
            .value("--actor", "The user for whom the agent said it acts."),
            .value("--tool", "A tool's name."),
            .value("--rule", "A rule's id."),
            .value("--kind", "intent, outcome, refusal, approval, …"),
            .value(
                "--verdict", proposing: .words(["allowed", "needs_approval", "denied"]),
                "allowed, needs_approval or denied."),
        ]

        /// As `executor/audit/query` takes them: the options' names without their dashes.
        let members: [String: JSONValue]

        init(_ given: GivenArguments) {
            let values = Self.options.compactMap { option in
                given[option].map { (String(option.name.dropFirst(2)), JSONValue.string($0)) }
            }
            members = Dictionary(uniqueKeysWithValues: values)
        }

        /// The newest records, up to `limit`, and where the next ones begin: a page may be short and not the last.
        func pages(
            _ client: ExecutorClient, limit: Int, from cursor: String? = nil
        ) async throws -> (records: [JSONValue], cursor: String?) {
            var (records, next): ([JSONValue], String?) = ([], cursor)
            repeat {
                var wanted = members
                wanted["limit"] = JSONValue(min(limit - records.count, ExecutorLimits.auditPage))
                wanted["cursor"] = next.map { .string($0) }
                let page = try await client.request(.auditQuery, wanted)
                records += page["records"]?.arrayValue ?? []
                next = page["cursor"]?.stringValue
            } while next != nil && records.count < limit
            return (records, next)
        }
    }
}
