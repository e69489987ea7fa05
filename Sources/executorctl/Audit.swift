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
        @Option(help: "Not before this time (RFC 3339).") var since: String?
        @Option(help: "Before this time (RFC 3339).") var until: String?
        @Option(help: "The user for whom the agent said it acts.") var actor: String?
        @Option(help: "A tool's name.") var tool: String?
        @Option(help: "A rule's id.") var rule: String?
        @Option(help: "intent, outcome, refusal, approval, …") var kind: String?
        @Option(help: "Records at most.") var limit = 50
        @Option(help: "Where the last page ended.") var cursor: String?

        func run() async throws {
            try await connection.withClient { client in
                let filter: JSONValue = .object(compacting: [
                    "since": since.map { .string($0) }, "until": until.map { .string($0) },
                    "actor": actor.map { .string($0) }, "tool": tool.map { .string($0) },
                    "rule": rule.map { .string($0) }, "kind": kind.map { .string($0) }, "limit": JSONValue(limit),
                    "cursor": cursor.map { .string($0) },
                ])
                let page = try await client.request(.auditQuery, filter.objectValue ?? [:])
                if connection.json { return Terminal.printLine(page.text) }
                page["records"]?.arrayValue?.map(Self.line).forEach(Terminal.printLine)
                if let next = page["cursor"]?.stringValue { Terminal.printLine("More: --cursor \(next)") }
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
            return fields.compactMap { $0 }.joined(separator: "  ")
        }
    }

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The last records, oldest first.")
        @OptionGroup var connection: Connection
        @Option(name: .shortAndLong, help: "How many.") var lines = 20
        @Flag(name: .shortAndLong, help: "Go on as records are written.") var follow = false

        func run() async throws {
            try await connection.withClient { client in
                var last = 0
                var wanted: [String: JSONValue] = ["limit": JSONValue(lines)]
                while true {
                    let page = try await client.request(.auditQuery, wanted)
                    for record in (page["records"]?.arrayValue ?? []).reversed() {
                        Terminal.printLine(connection.json ? record.text : Query.line(record))
                        last = max(last, record["seq"]?.intValue ?? 0)
                    }
                    guard follow else { return }
                    try await Task.sleep(for: .milliseconds(300))
                    wanted = ["limit": JSONValue(ExecutorLimits.auditPage), "after_seq": JSONValue(last)]
                }
            }
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
