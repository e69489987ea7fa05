import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

/// A real devops-executor in a directory of its own.
final class ExecutorFixture: Sendable {
    let directory: String
    let program: Program
    let notify: NotifySocket
    /// Stand before both sockets and note what passes; absent where a test is about bytes and not about messages.
    private let recorders: [MessageRecorder]

    /// What tests need beside the default allowlist; `sleep` and a few more stand for programs that take their time.
    static let allowlist = #"""
        {"test": ["uptime", "df -h",
          {"command": "/bin/true", "id": "true", "effect": "read"},
          {"command": "/bin/sleep {count}", "id": "sleep", "effect": "read", "timeout": "60s"},
          {"command": "/usr/bin/yes", "id": "yes", "effect": "read", "timeout": "60s"},
          {"command": "/usr/bin/seq {count}", "id": "seq", "effect": "read"},
          {"command": "/bin/false", "id": "false", "effect": "change"},
          {"command": "/usr/bin/id -u", "id": "ask-user", "effect": "change", "approval": "user",
           "justification": "says who runs it"},
          {"command": "/usr/bin/id -g", "id": "ask-operator", "effect": "change", "approval": "operator"},
          {"command": "/usr/bin/id -un", "id": "ask-code", "effect": "change", "approval": "totp"},
          "curl -s *", "systemctl status *", "cat /var/log/*"]}
        """#

    init(
        in directory: String, allowlist: String = ExecutorFixture.allowlist,
        settings: String = #"{"readable_roots": ["/etc"]}"#, tools: String? = nil, packs: [String: String] = [:],
        waitsForReady: Bool = true, records: Bool = false, environment: [String: String] = [:], before: [String] = []
    ) async throws {
        self.directory = directory
        recorders = records ? try Self.record(directory) : []
        try FileManager.default.createDirectory(atPath: directory + "/config", withIntermediateDirectories: true)
        try Self.write(allowlist, to: directory + "/config/allowlist.json")
        try Self.write(settings, to: directory + "/config/executor.json")
        if let tools { try Self.write(tools, to: directory + "/config/tools.json") }
        for (name, text) in packs {
            try FileManager.default.createDirectory(
                atPath: directory + "/config/packs", withIntermediateDirectories: true)
            try Self.write(text, to: directory + "/config/packs/" + name)
        }
        notify = try NotifySocket(directory: directory)
        program = try Self.start(directory, notify, environment: environment, before: before)
        if waitsForReady { _ = await notify.wait(for: "READY=1") }
    }

    /// - Parameter before: A program, with arguments, that runs what follows it.
    static func start(
        _ directory: String, _ notify: NotifySocket, environment: [String: String] = [:], before: [String] = []
    ) throws -> Program {
        let words =
            before + [
                Program.path("devops-executor"), "run", "--config-dir", directory + "/config", "--runtime-dir",
                directory + "/run", "--logs-dir", directory + "/log", "--state-dir", directory + "/state",
            ]
        return try Program(
            words[0], Array(words.dropFirst()),
            environment: environment.merging(["NOTIFY_SOCKET": notify.path]) { own, _ in own })
    }

    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, 0o644)
    }

    private static func record(_ directory: String) throws -> [MessageRecorder] {
        try FileManager.default.createDirectory(atPath: directory + "/seen", withIntermediateDirectories: true)
        return try ["/executor.sock", "/operator.sock"].map {
            try MessageRecorder(at: directory + "/seen" + $0, before: directory + "/run" + $0)
        }
    }

    /// The executor's own sockets.
    var ownSocket: String { directory + "/run/executor.sock" }
    /// A program of the test's own. It is copied into place by another process: a fork of this one may still hold the
    /// file that it wrote, and then nobody may run it (ETXTBSY, execve(2)).
    static func writeProgram(_ text: String, to path: String) async throws {
        try write(text, to: path + ".text")
        #expect(try await Program.run("/usr/bin/install", ["-m", "755", path + ".text", path]).status == 0)
    }

    var agentSocket: String { recorders.isEmpty ? ownSocket : directory + "/seen/executor.sock" }
    var operatorSocket: String { directory + (recorders.isEmpty ? "/run" : "/seen") + "/operator.sock" }

    func client(answersQuestions: Bool = false) throws -> ExecutorClient {
        try ExecutorClient(socket: agentSocket, name: "test", answersQuestions: answersQuestions)
    }

    func operatorClient() throws -> ExecutorClient { try ExecutorClient(socket: operatorSocket, name: "test") }

    func ctl(_ arguments: String..., input: String = "") async throws -> (status: Int32, output: String, error: String)
    {
        try await Program.run("executorctl", ["--socket", operatorSocket] + arguments, input: input)
    }

    /// Records of one kind, oldest first.
    func audit(_ kind: String) async throws -> [JSONValue] {
        let client = try operatorClient()
        defer { client.close() }
        let page = try await client.request(.auditQuery, ["kind": .string(kind), "limit": 1000])
        return Array((page["records"]?.arrayValue ?? []).reversed())
    }

    /// Ends it, and starts another over the same directories.
    func restarted() async throws -> Program {
        _ = await stop()
        let place = directory + "/again"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let notify = try NotifySocket(directory: place)
        let second = try Self.start(directory, notify)
        _ = await notify.wait(for: "READY=1")
        return second
    }

    /// Every message the executor sent, against the official schemas.
    func schemaReport() async throws -> [MessageSchemas.Report] {
        var reports: [MessageSchemas.Report] = []
        for recorder in recorders { reports.append(try await MessageSchemas.validate(recorder.text)) }
        return reports
    }

    func stop() async -> Int32 {
        program.send(signal: SIGTERM)
        return await program.exitStatus()
    }
}

/// Runs `body` with a fresh executor, and takes it down after.
func withExecutor(
    allowlist: String = ExecutorFixture.allowlist, settings: String = #"{"readable_roots": ["/etc"]}"#,
    tools: String? = nil, packs: [String: String] = [:], waitsForReady: Bool = true, records: Bool = true,
    _ body: (ExecutorFixture) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let executor = try await ExecutorFixture(
            in: directory, allowlist: allowlist, settings: settings, tools: tools, packs: packs,
            waitsForReady: waitsForReady, records: records && Python.current.isInstalled)
        try await body(executor)
        _ = await executor.stop()
        for report in try await executor.schemaReport() { #expect(report.faults == []) }
    }
}

extension ExecutorClient {
    /// `run_command`, answered.
    func run(_ command: String, timeout: Int? = nil, operation: String? = nil) async throws -> ToolResult {
        var arguments: [String: JSONValue] = ["command": .string(command)]
        arguments["timeout"] = timeout.map { JSONValue($0) }
        guard case .result(let result) = try await callTool("run_command", arguments, operation: operation) else {
            Issue.record("a question was asked")
            return .failure("a question was asked")
        }
        return result
    }
}
