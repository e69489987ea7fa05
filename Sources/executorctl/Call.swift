import CommandArguments
import ExecutorAPI
import ExecutorClient
import Glibc
import StrictJSON

extension ExecutorCtl {
    struct Call: Subcommand {
        static let command = Command(
            "call", "Call a tool.", discussion: "For example: executorctl call check_port port=80",
            options: [operation], operands: [tool, pairs], action: type)
        static let operation = CommandOption.value("--operation", "An id under which this happens at most once.")
        private static let tool = Operand("tool", "The tool's name.")
        private static let pairs = Operand(
            "arguments", "Arguments as key=value; a value that is JSON is sent as such.", count: .any)

        let connection: Connection
        private let operation: String?
        private let tool: String
        private let arguments: [String: JSONValue]

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            operation = given[Self.operation]
            tool = try given.required(Self.tool)
            arguments = try Self.arguments(given)
        }

        func run() async throws {
            try await connection.withClient(answersQuestions: isatty(0) == 1) { client in
                try await connection.finish { answer in
                    try await client.callTool(tool, arguments, operation: operation, answer: answer)
                }
            }
        }

        /// `port=80` is a number, `service=nginx` a string, `lines="20"` a string too.
        private static func arguments(_ given: GivenArguments) throws(UsageError) -> [String: JSONValue] {
            var arguments: [String: JSONValue] = [:]
            for pair in given[pairs] {
                guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
                    throw given.usageError("\"\(pair)\" is no key=value, such as port=80.")
                }
                let text = String(pair[pair.index(after: equals)...])
                arguments[String(pair[..<equals])] = (try? JSONValue(parsing: text)) ?? .string(text)
            }
            return arguments
        }
    }
}
