import ArgumentParser
import ExecutorAPI
import ExecutorClient
import Glibc
import StrictJSON

extension ExecutorCtl {
    struct Call: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call a tool.", discussion: "For example: executorctl call check_port port=80")
        @OptionGroup var connection: Connection
        @Option(help: "An id under which this happens at most once.") var operation: String?
        @Argument(help: "The tool's name.") var tool: String
        @Argument(help: "Arguments as key=value; a value that is JSON is sent as such.") var arguments: [String] = []

        func run() async throws {
            let arguments = try Self.parse(arguments)
            try await connection.withClient(answersQuestions: isatty(0) == 1) { client in
                var answer = try await call(client, arguments, answer: nil)
                if case .question(_, let message, let state) = answer {
                    Terminal.printError(message + "\nRun it? [y/N]")
                    let approved = readLine().map { ["y", "yes"].contains($0.lowercased()) } ?? false
                    answer = try await call(client, arguments, answer: ApprovalAnswer(approved: approved, state: state))
                }
                guard case .result(let result) = answer else { throw ExitCode(1) }
                Terminal.printLine(connection.json ? result.structured.text : result.text)
                if !result.success { throw ExitCode(1) }
            }
        }

        private func call(
            _ client: ExecutorClient, _ arguments: [String: JSONValue], answer: ApprovalAnswer?
        ) async throws -> ToolCallAnswer {
            try await client.callTool(tool, arguments, operation: operation, answer: answer)
        }

        /// `port=80` is a number, `service=nginx` a string, `lines="20"` a string too.
        private static func parse(_ pairs: [String]) throws -> [String: JSONValue] {
            var arguments: [String: JSONValue] = [:]
            for pair in pairs {
                guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
                    throw ValidationError("\"\(pair)\" is no key=value.")
                }
                let text = String(pair[pair.index(after: equals)...])
                arguments[String(pair[..<equals])] = (try? JSONValue(parsing: text)) ?? .string(text)
            }
            return arguments
        }
    }

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
            static let configuration = CommandConfiguration(abstract: "Say yes: the next such call runs, once.")
            @OptionGroup var connection: Connection
            @Argument(help: "The question's id.") var id: String
            func run() async throws { try await Approvals.decide(id, approved: true, connection) }
        }

        struct Deny: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Say no.")
            @OptionGroup var connection: Connection
            @Argument(help: "The question's id.") var id: String
            func run() async throws { try await Approvals.decide(id, approved: false, connection) }
        }

        fileprivate static func decide(_ id: String, approved: Bool, _ connection: Connection) async throws {
            try await connection.withClient { client in
                guard let question = try await client.decide(id, approved: approved) else { throw ExitCode(1) }
                if connection.json { return Terminal.printLine(question.json.text) }
                Terminal.printLine("\(approved ? "Approved" : "Denied"): \(question.command)")
            }
        }
    }
}
