import ArgumentParser
import ExecutorAPI
import ExecutorClient
import StrictJSON

extension ExecutorCtl {
    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The audit log.", subcommands: [Query.self, Tail.self, Verify.self])
    }
}

extension ExecutorCtl.Audit {
    struct Query: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Records, newest first.")
        @OptionGroup var connection: Connection
        @OptionGroup var filter: Filter
        @Option(help: "Records at most.") var limit = 50
        @Option(help: "Where the last page ended.") var cursor: String?

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

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The last records, oldest first.")
        @OptionGroup var connection: Connection
        @OptionGroup var filter: Filter
        @Option(name: .shortAndLong, help: "How many.") var lines = 20
        @Flag(name: .shortAndLong, help: "Go on as records are written.") var follow = false

        private static let interval = Duration.milliseconds(300)

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

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the whole chain: an edit, a reordering, a removed file, a cut tail.")
        @OptionGroup var connection: Connection
        @Option(help: "A head noted earlier; the log must contain it.") var head: String?

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
    struct Filter: ParsableArguments {
        @Option(help: "Not before this time (RFC 3339).") var since: String?
        @Option(help: "Before this time (RFC 3339).") var until: String?
        @Option(help: "The user for whom the agent said it acts.") var actor: String?
        @Option(help: "A tool's name.") var tool: String?
        @Option(help: "A rule's id.") var rule: String?
        @Option(help: "intent, outcome, refusal, approval, …") var kind: String?
        @Option(help: "allowed, needs_approval or denied.") var verdict: String?

        /// As `executor/audit/query` takes them.
        var members: [String: JSONValue] {
            let words = [
                "since": since, "until": until, "actor": actor, "tool": tool, "rule": rule, "kind": kind,
                "verdict": verdict,
            ]
            return words.compactMapValues { $0.map { .string($0) } }
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
