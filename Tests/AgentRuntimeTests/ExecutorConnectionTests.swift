import AgentCore
import AgentRuntime
import ExecutorAPI
import Logging
import StrictJSON
import TestSupport
import Testing

@Suite("The agent's connection to the executor", .timeLimit(.minutes(1)))
struct ExecutorConnectionTests {
    private static let actor = Actor(userID: "7")

    private static func connection(_ socket: String) -> ExecutorConnection {
        ExecutorConnection(socket: socket, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func call(_ command: String) -> ToolCall {
        ToolCall(id: "1", name: "run_command", arguments: ["command": .string(command)])
    }

    private static func withExecutor(_ body: (ExecutorConnection, RunningExecutor) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await RunningExecutor(in: directory)
            let connection = Self.connection(executor.socket)
            try await body(connection, executor)
            await connection.close()
            await executor.stop()
        }
    }

    @Test("an executor that is away is said to be, whatever is asked of it")
    func away() async throws {
        try await withTemporaryDirectory { directory in
            let connection = Self.connection(directory + "/none.sock")
            for ask in [
                { _ = try await connection.tools() }, { _ = try await connection.status() },
                { _ = try await connection.health(actor: Self.actor) },
                { try await connection.note("stranger", detail: [:], actor: Self.actor) },
            ] as [@Sendable () async throws -> Void] {
                await #expect(throws: ToolboxError.self) { try await ask() }
            }
        }
    }

    @Test("what the executor refuses, or has no name for, is a result: whoever answers is not away")
    func refused() async throws {
        try await Self.withExecutor { connection, _ in
            let result = try await connection.call(
                Self.call("rm -rf /"), operation: "op-1", actor: Self.actor
            ) { _ in }
            #expect(result.refusal?.code == .blocked)
            let unknown = try await connection.call(
                ToolCall(id: "1", name: "no_such_tool", arguments: [:]), operation: "op-2", actor: Self.actor
            ) { _ in }
            #expect(!unknown.success && unknown.error?.contains("There is no tool \"no_such_tool\"") == true)
        }
    }

    @Test("a command that needs a yes is run after it, and not before; with nobody to ask it is refused")
    func approval() async throws {
        try await Self.withExecutor { connection, _ in
            let nobody = try await connection.call(
                Self.call("/usr/bin/id -u"), operation: "op-1", actor: Self.actor
            ) { _ in }
            #expect(nobody.refusal != nil && nobody.output.isEmpty)
            await connection.askPeople { question, actor in
                question.command == "/usr/bin/id -u" && actor.userID == "7" ? .yes : .no
            }
            let allowed = try await connection.call(
                Self.call("/usr/bin/id -u"), operation: "op-2", actor: Self.actor
            ) { _ in }
            #expect(allowed.success && !allowed.output.isEmpty, "\(allowed)")
        }
    }

    @Test("an executor that was started again is found again, and the same operation does not run twice")
    func startedAgain() async throws {
        try await withTemporaryDirectory { directory in
            var executor = try await RunningExecutor(in: directory)
            let connection = Self.connection(executor.socket)
            let first = try await connection.call(Self.call("uptime"), operation: "op-1", actor: Self.actor) { _ in }
            executor = try await executor.restarted()
            let again = try await connection.call(Self.call("uptime"), operation: "op-1", actor: Self.actor) { _ in }
            #expect(first.success && again.output == first.output)
            await connection.close()
            await executor.stop()
        }
    }

    @Test("what the chat's commands ask is answered: health, a log, a service, the status")
    func gateway() async throws {
        try await Self.withExecutor { connection, _ in
            #expect(try await connection.tools().count >= ToolName.allCases.count)
            #expect(try await connection.health(actor: Self.actor).metadata["disks"]?.arrayValue?.isEmpty == false)
            #expect(try await connection.check(service: "no-such-unit-x", actor: Self.actor).text.isEmpty == false)
            let log = try await connection.logs(of: "no-such-unit-x", actor: Self.actor)
            #expect(!log.text.isEmpty)
            try await connection.note("stranger", detail: [:], actor: Self.actor)
            #expect(try await connection.status()["audit"]?["available"] == true)
        }
    }
}
