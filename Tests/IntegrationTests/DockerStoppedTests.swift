import ExecutorAPI
import ExecutorClient
import Foundation
import TestSupport
import Testing

/// A real engine that goes away beneath a running executor; `DOCKER_TEST_ENGINE` names a folder for `scripts/engine.sh`.
@Suite(
    "Docker that is stopped", .enabled(if: StoppedEngine.folder != nil, "needs scripts/engine.sh"),
    .timeLimit(.minutes(2)))
struct DockerStoppedTests {
    @Test("the tool says in one sentence that docker does not run; once it does the tool works, with the same executor")
    func stopped() async throws {
        let engine = StoppedEngine()
        try await engine.run("start")
        try await withTemporaryDirectory { directory in
            // The engine's own client goes with it, and docker's would stay.
            let client = directory + "/docker"
            try await ExecutorFixture.writeProgram(
                try String(contentsOfFile: try await engine.client(), encoding: .utf8), to: client)
            try await withExecutor(
                allowlist: #"{"docker": ["docker ps", "docker ps -a"]}"#,
                settings: #"{"programs": {"docker": "\#(client)"}}"#
            ) { executor in
                let before = try await Self.list(executor)
                #expect(before.success, "\(before.text)")
                try await engine.run("stop")
                let without = try await Self.list(executor)
                let said = try #require(without.error)
                #expect(said.hasPrefix("The Docker daemon is not running: nothing answers at unix:///"), "\(said)")
                #expect(!without.success && said.count { $0 == "\n" } == 0, "\(said)")
                try await engine.run("start")
                let again = try await Self.list(executor)
                #expect(again.success, "\(again.text)")
            }
        }
        try await engine.run("stop")
    }

    private static func list(_ executor: ExecutorFixture) async throws -> ToolResult {
        let client = try executor.client()
        defer { client.close() }
        guard case .result(let result) = try await client.callTool("docker_ps", [:]) else { throw POSIXError(.EPROTO) }
        return result
    }
}

/// An engine of `scripts/engine.sh`; it is started and stopped while the test runs.
private struct StoppedEngine {
    static let folder = ProcessInfo.processInfo.environment["DOCKER_TEST_ENGINE"]

    private let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "scripts/engine.sh").path
    private var folder: String { Self.folder ?? "/nonexistent" }

    /// `start`, `stop`.
    func run(_ command: String) async throws {
        try #require(await DaemonStarter.run(script, [command, folder]) == 0, "engine.sh \(command)")
    }

    func client() async throws -> String {
        try await Program.run(script, ["client", folder]).output.trimmingCharacters(in: .newlines)
    }
}
