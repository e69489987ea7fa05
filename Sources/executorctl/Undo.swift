import ArgumentParser
import ExecutorAPI
import ExecutorClient
import Glibc

extension ExecutorCtl {
    struct Undo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put back what a call changed.",
            discussion: """
                Starts or stops the unit or container it stopped or started, within a day. The commands that do so are \
                judged, approved and recorded like any other. What a restart interrupted does not come back.
                """)
        @OptionGroup var connection: Connection
        @Option(help: "An id under which this happens at most once.") var operation: String?
        @Argument(help: "The call's id: its caller's, or the audit log's.") var id: String

        func run() async throws {
            try await connection.withClient(answersQuestions: isatty(STDIN_FILENO) == 1) { client in
                try await connection.finish { answer in
                    try await client.undo(id, operation: operation, answer: answer)
                }
            }
        }
    }
}
