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
                try await connection.finish { answer in
                    try await client.callTool(tool, arguments, operation: operation, answer: answer)
                }
            }
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
}
