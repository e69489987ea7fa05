import CommandArguments
import ExecutorAPI
import ExecutorClient
import Glibc
import StrictJSON

extension ExecutorCtl {
    enum Approvals {
        static let command = Command(
            "approvals", "Questions that wait for an operator, and yeses that hold for a while.",
            subcommands: [
                List.command, Approve.command, Deny.command, Grant.command, Grants.command, Revoke.command,
            ],
            defaultName: List.command.name)
        private static let id = Operand("id", "The question's id.")

        struct List: Subcommand {
            static let command = Command("list", "What is waiting, whole.", action: type)
            let connection: Connection

            init(_ given: GivenArguments) { connection = Connection(given) }

            func run() async throws {
                try await connection.withClient { client in
                    let questions = try await client.approvals()
                    if connection.json { return Terminal.printLine(JSONValue.array(questions.map(\.json)).text) }
                    if questions.isEmpty { Terminal.printLine("Nothing waits for an answer.") }
                    questions.flatMap { Terminal.describe($0.json) + [""] }.forEach(Terminal.printLine)
                }
            }
        }

        struct Approve: Subcommand {
            static let command = Command(
                "approve", "Say yes: the next such call runs, once.",
                discussion: """
                    Shows the question whole; on a terminal it asks once more. A question of level totp asks for the \
                    code, on a terminal or standard input, never as an argument.
                    """, options: [yes], operands: [Approvals.id], action: type)
            private static let yes = CommandOption.flag("--yes", "Do not ask once more.")

            let connection: Connection
            private let yes: Bool
            private let id: String

            init(_ given: GivenArguments) throws(UsageError) {
                connection = Connection(given)
                yes = given.has(Self.yes)
                id = try given.required(Approvals.id)
            }

            func run() async throws {
                try await connection.withClient { client in
                    let question = try await Approvals.waiting(id, client)
                    if !connection.json { Terminal.describe(question.json).forEach(Terminal.printLine) }
                    var code: OneTimeCode?
                    if question.asksForCode {
                        code = Terminal.askForCode("Approve it with a code.")
                    } else if !yes, isatty(STDIN_FILENO) == 1, !Terminal.isYes(Terminal.ask("Approve it? [y/N]")) {
                        throw ExitCode(1)
                    }
                    try await Approvals.decide(question, approved: true, code: code, client, connection)
                }
            }
        }

        struct Deny: Subcommand {
            static let command = Command("deny", "Say no.", operands: [Approvals.id], action: type)
            let connection: Connection
            private let id: String

            init(_ given: GivenArguments) throws(UsageError) {
                connection = Connection(given)
                id = try given.required(Approvals.id)
            }

            func run() async throws {
                try await connection.withClient { client in
                    try await Approvals.decide(
                        try await Approvals.waiting(id, client), approved: false, client, connection)
                }
            }
        }

        /// The question an operator is about to answer.
        fileprivate static func waiting(_ id: String, _ client: ExecutorClient) async throws -> ApprovalQuestion {
            if let question = try await client.approvals().first(where: { $0.id == id }) { return question }
            Terminal.printError("executorctl: no question \(id) is waiting; see: executorctl approvals list")
            throw ExitCode(1)
        }

        fileprivate static func decide(
            _ question: ApprovalQuestion, approved: Bool, code: OneTimeCode? = nil, _ client: ExecutorClient,
            _ connection: Connection
        ) async throws {
            guard let decided = try await client.decide(question.id, approved: approved, code: code) else {
                throw ExitCode(1)
            }
            if connection.json { return Terminal.printLine(decided.json.text) }
            Terminal.printLine("\(approved ? "Approved" : "Denied"): \(decided.command)")
        }
    }
}
