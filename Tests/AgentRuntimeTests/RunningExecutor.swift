import Foundation
import TestSupport

/// A real devops-executor for the agent's own parts to talk to.
final class RunningExecutor: Sendable {
    let directory: String
    private let program: Program

    static let allowlist = #"""
        {"test": ["uptime", "df -h",
          {"command": "/usr/bin/id -u", "id": "ask-user", "effect": "read", "approval": "user"}]}
        """#

    var socket: String { directory + "/run/executor.sock" }

    init(in directory: String) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory + "/config", withIntermediateDirectories: true)
        for (name, text) in [("allowlist", Self.allowlist), ("executor", "{}")] {
            let path = "\(directory)/config/\(name).json"
            try Data(text.utf8).write(to: URL(filePath: path))
            chmod(path, 0o644)
        }
        program = try await Self.start(directory)
    }

    private static func start(_ directory: String) async throws -> Program {
        let place = directory + "/notify-\(UUID().uuidString.prefix(4))"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let notify = try NotifySocket(directory: place)
        let program = try Program(
            "devops-executor",
            [
                "run", "--config-dir", directory + "/config", "--runtime-dir", directory + "/run", "--logs-dir",
                directory + "/log", "--state-dir", directory + "/executor",
            ], environment: ["NOTIFY_SOCKET": notify.path])
        _ = await notify.wait(for: "READY=1")
        return program
    }

    func stop() async {
        program.send(signal: SIGTERM)
        _ = await program.exitStatus()
    }

    /// Ends it and starts another in its place.
    func restarted() async throws -> RunningExecutor {
        await stop()
        return try await RunningExecutor(in: directory)
    }
}
