import CommandArguments
import ExecutorAPI
import ExecutorClient
import StrictJSON

extension ExecutorCtl.Approvals {
    struct Grant: Subcommand {
        static let command = Command(
            "grant", "Say yes for a while: to one rule and one target.",
            discussion: """
                For example: executorctl approvals grant --rule restart-web --target nginx --for 15m
                The target is a unit or a container; for a rule with anything else free in it, the whole command.
                """, options: [rule, target, duration, role], action: type)
        private static let rule = CommandOption.value(
            "--rule", presence: .required, "The rule's id, as explain names it.")
        private static let target = CommandOption.value(
            "--target", presence: .required, "A unit, a container, or the command.")
        private static let duration = CommandOption.value(
            "--for", presence: .required, "How long: 90s, 15m, 2h; at most 12h.")
        private static let role = CommandOption.value(
            "--role", presence: .defaulting(to: Role.agent.rawValue), proposing: .words(Role.allCases.map(\.rawValue)),
            "Whose calls: agent or operator.")

        let connection: Connection
        private let rule: String
        private let target: String
        private let duration: Duration
        private let role: Role

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            (rule, target) = (try given.required(Self.rule), try given.required(Self.target))
            guard let duration = Self.parse(try given.required(Self.duration)) else {
                throw given.usageError("--for is a time such as 90s, 15m or 2h.")
            }
            guard let role = Role(rawValue: try given.required(Self.role)) else {
                throw given.usageError("--role is agent or operator.")
            }
            (self.duration, self.role) = (duration, role)
        }

        func run() async throws {
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

    struct Grants: Subcommand {
        static let command = Command("grants", "What holds for a while.", action: type)
        let connection: Connection

        init(_ given: GivenArguments) { connection = Connection(given) }

        func run() async throws {
            try await connection.withClient { client in
                let standing = try await client.standingApprovals()
                if connection.json { return Terminal.printLine(JSONValue.array(standing.map(\.json)).text) }
                if standing.isEmpty { Terminal.printLine("No standing approval holds.") }
                ExecutorCtl.Approvals.show(standing, connection)
            }
        }
    }

    struct Revoke: Subcommand {
        static let command = Command("revoke", "End a standing approval.", operands: [id], action: type)
        private static let id = Operand("id", "Its id.")

        let connection: Connection
        private let id: String

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            id = try given.required(Self.id)
        }

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
