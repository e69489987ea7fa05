import ArgumentParser
import ExecutorAPI
import ExecutorClient
import StrictJSON

extension ExecutorCtl.Approvals {
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say yes for a while: to one rule and one target.",
            discussion: """
                For example: executorctl approvals grant --rule restart-web --target nginx --for 15m
                The target is a unit or a container; for a rule with anything else free in it, the whole command.
                """)
        @OptionGroup var connection: Connection
        @Option(help: "The rule's id, as explain names it.") var rule: String
        @Option(help: "A unit, a container, or the command.") var target: String
        @Option(name: .customLong("for"), help: "How long: 90s, 15m, 2h; at most 12h.") var duration: String
        @Option(help: "Whose calls: agent or operator.") var role = Role.agent.rawValue

        func run() async throws {
            guard let duration = Self.parse(duration), let role = Role(rawValue: role) else {
                throw ValidationError("--for is a time such as 15m, and --role is agent or operator.")
            }
            try await connection.withClient { client in
                let given = try await client.giveStanding(rule: rule, target: target, role: role, for: duration)
                guard let given else { throw ExitCode(1) }
                ExecutorCtl.Approvals.show([given], connection)
            }
        }

        private static func parse(_ text: String) -> Duration? {
            guard let unit = text.last, let scale = ["s": 1, "m": 60, "h": 3600][unit],
                let number = Int(text.dropLast()), (1...1_000_000).contains(number)
            else { return nil }
            return .seconds(number * scale)
        }
    }

    struct Grants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What holds for a while.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await connection.withClient { client in
                let standing = try await client.standingApprovals()
                if connection.json { return Terminal.printLine(JSONValue.array(standing.map(\.json)).text) }
                if standing.isEmpty { Terminal.printLine("No standing approval holds.") }
                ExecutorCtl.Approvals.show(standing, connection)
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a standing approval.")
        @OptionGroup var connection: Connection
        @Argument(help: "Its id.") var id: String

        func run() async throws {
            try await connection.withClient { client in
                guard let ended = try await client.revokeStanding(id) else { throw ExitCode(1) }
                if connection.json { return Terminal.printLine(ended.json.text) }
                Terminal.printLine("Revoked: \(ended.rule) for \(ended.target)")
            }
        }
    }

    private static func show(_ standing: [StandingApproval], _ connection: Connection) {
        for approval in standing {
            if connection.json { return Terminal.printLine(approval.json.text) }
            (Terminal.describe(approval.json) + [""]).forEach(Terminal.printLine)
        }
    }
}
