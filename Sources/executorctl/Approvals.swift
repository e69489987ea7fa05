import ArgumentParser
import ExecutorAPI
import ExecutorClient
import Glibc
import StrictJSON

extension ExecutorCtl {
    struct Approvals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Questions that wait for an operator.", subcommands: [List.self, Approve.self, Deny.self],
            defaultSubcommand: List.self)

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "What is waiting, whole.")
            @OptionGroup var connection: Connection

            func run() async throws {
                try await connection.withClient { client in
                    let questions = try await client.approvals()
                    if connection.json { return Terminal.printLine(JSONValue.array(questions.map(\.json)).text) }
                    if questions.isEmpty { Terminal.printLine("Nothing waits for an answer.") }
                    questions.flatMap { Terminal.describe($0.json) + [""] }.forEach(Terminal.printLine)
                }
            }
        }

        struct Approve: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Say yes: the next such call runs, once.",
                discussion: """
                    Shows the question whole; on a terminal it asks once more. A question of level totp asks for the \
                    code, on a terminal or standard input, never as an argument.
                    """)
            @OptionGroup var connection: Connection
            @Flag(help: "Do not ask once more.") var yes = false
            @Argument(help: "The question's id.") var id: String

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

        struct Deny: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Say no.")
            @OptionGroup var connection: Connection
            @Argument(help: "The question's id.") var id: String

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
