import CommandArguments
import ExecutorAPI
import ExecutorClient
import StrictJSON

extension ExecutorCtl {
    struct Status: Subcommand {
        static let command = Command("status", "Version, uptime, policy digest, audit head, load.", action: type)
        let connection: Connection

        init(_ given: GivenArguments) { connection = Connection(given) }

        func run() async throws {
            try await connection.withClient { client in
                var status = try await client.status().objectValue ?? [:]
                if connection.json { return Terminal.printLine(JSONValue.object(status).text) }
                for envelope in ["_meta", "resultType"] { status[envelope] = nil }
                Terminal.describe(.object(status)).forEach(Terminal.printLine)
            }
        }
    }

    struct Tools: Subcommand {
        static let command = Command("tools", "The tools and their arguments.", action: type)
        let connection: Connection

        init(_ given: GivenArguments) { connection = Connection(given) }

        func run() async throws {
            try await connection.withClient { client in
                let tools = try await client.tools()
                if connection.json { return Terminal.printLine(JSONValue.array(tools.map(\.json)).text) }
                for tool in tools {
                    let names = tool.inputSchema["properties"]?.objectValue?.keys.sorted() ?? []
                    Terminal.printLine(
                        "\(tool.name){\(names.joined(separator: ","))}  \(tool.readOnly ? "reads" : "changes")")
                    Terminal.printLine("    \(tool.description)")
                }
            }
        }
    }

    struct Explain: Subcommand {
        static let command = Command(
            "explain", "What the policy says to a command; runs nothing.",
            discussion: "With --stdin: one JSON string a line in, one JSON object a line out.",
            options: [stdin], operands: [words], action: type)
        private static let stdin = CommandOption.flag(
            "--stdin", "Read commands from standard input, one JSON string a line.")
        private static let words = Operand(
            "command", "The command, as one argument or as its words.", count: .passedThrough)

        let connection: Connection
        private let stdin: Bool
        private let words: [String]

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            stdin = given.has(Self.stdin)
            words = given[Self.words]
            if stdin != words.isEmpty { throw given.usageError("Give a command, or --stdin, and not both.") }
        }

        func run() async throws {
            try await connection.withClient { client in
                if stdin { return try await explainLines(client) }
                guard let explanation = try await client.explain([words.joined(separator: " ")]).first else {
                    throw ExitCode(1)
                }
                Terminal.printLine(connection.json ? explanation.json.text : Self.describe(explanation))
                if explanation.verdict != .allowed { throw ExitCode(1) }
            }
        }

        private static func describe(_ explanation: Explanation) -> String {
            let rule = explanation.rule.map { "\n  rule: \($0)" } ?? ""
            let alternative = explanation.alternative.map { "\n  \($0)" } ?? ""
            return
                "\(explanation.verdict.rawValue): \(explanation.command)\(rule)\n  \(explanation.reason)\(alternative)"
        }

        /// Sends whole batches while there is input, and answers in order.
        private func explainLines(_ client: ExecutorClient) async throws {
            var batch: [String] = []
            while let line = readLine() {
                guard case .string(let command)? = try? JSONValue(parsing: line) else {
                    Terminal.printError("executorctl: each line is one JSON string.")
                    throw ExitCode(2)
                }
                batch.append(command)
                if batch.count == ExecutorLimits.explainBatch { try await Self.flush(&batch, client) }
            }
            try await Self.flush(&batch, client)
        }

        private static func flush(_ batch: inout [String], _ client: ExecutorClient) async throws {
            guard !batch.isEmpty else { return }
            let lines = try await client.explain(batch).map { $0.json.text }
            Terminal.printLine(lines.joined(separator: "\n"))
            batch.removeAll(keepingCapacity: true)
        }
    }
}
