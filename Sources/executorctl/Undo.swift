import CommandArguments
import ExecutorAPI
import ExecutorClient
import Glibc

extension ExecutorCtl {
    struct Undo: Subcommand {
        static let command = Command(
            "undo", "Put back what a call changed.",
            discussion: """
                Starts or stops the unit or container it stopped or started, within a day. The commands that do so are \
                judged, approved and recorded like any other. What a restart interrupted does not come back.
                """, options: [Call.operation], operands: [id], action: type)
        private static let id = Operand("id", "The call's id: its caller's, or the audit log's.")

        let connection: Connection
        private let operation: String?
        private let id: String

        init(_ given: GivenArguments) throws(UsageError) {
            connection = Connection(given)
            operation = given[Call.operation]
            id = try given.required(Self.id)
        }

        func run() async throws {
            try await connection.withClient(answersQuestions: isatty(STDIN_FILENO) == 1) { client in
                try await connection.finish { answer in
                    try await client.undo(id, operation: operation, answer: answer)
                }
            }
        }
    }
}
