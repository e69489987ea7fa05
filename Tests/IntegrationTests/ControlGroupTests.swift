import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("A control group for each call", .enabled(if: DelegatedGroup.isPossible), .timeLimit(.minutes(2)))
struct ControlGroupTests {
    /// An executor that a service manager put into `group`.
    private func withExecutor(
        in group: DelegatedGroup, _ body: (_ directory: String, _ executor: Program) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory + "/config", withIntermediateDirectories: true)
            let script = directory + "/escape"
            // Two forks, a session of its own, an environment of its own, no pipe: nothing of it points to the call.
            let text = "#!/bin/sh\nsetsid setsid env -i sleep 300 >/dev/null 2>&1 </dev/null & sleep 0.3\nexit 0\n"
            try await ExecutorFixture.writeProgram(text, to: script)
            let rules = """
                {"test": [{"command": "/bin/sleep {count}", "effect": "read"}, {"command": "\(script)", "effect": "read"}]}
                """
            try ExecutorFixture.write(rules, to: directory + "/config/allowlist.json")
            let notify = try NotifySocket(directory: directory)
            let executor = try Program(
                "/bin/sh",
                group.arguments(
                    starting: Program.path("devops-executor"),
                    [
                        "run", "--config-dir", directory + "/config", "--runtime-dir", directory + "/run", "--logs-dir",
                        directory + "/log", "--state-dir", directory + "/state",
                    ]), environment: ["NOTIFY_SOCKET": notify.path])
            _ = await notify.wait(for: "READY=1")
            try await body(directory, executor)
            executor.send(signal: SIGTERM)
            #expect(await executor.exitStatus() == 0)
        }
    }

    @Test("the daemon moves aside, each call has its group, and what hid from its parents is ended with it")
    func contains() async throws {
        let group = try await DelegatedGroup()
        defer { group.remove() }
        try await withExecutor(in: group) { directory, executor in
            let client = try ExecutorClient(socket: directory + "/run/executor.sock", name: "test")
            let status = try await client.status()
            #expect(status["containment"]?["processes"]?.stringValue?.hasPrefix("cgroup") == true)
            let daemon = try String(contentsOfFile: group.path + "/daemon/cgroup.procs", encoding: .utf8)
            #expect(daemon == "\(executor.processID)\n")
            let escape = try await client.run(directory + "/escape")
            #expect(escape.success && group.calls.isEmpty, "\(escape) \(group.calls)")
            let call = Task { try await client.run("/bin/sleep 50") }
            try await waitUntil { group.calls.count == 1 }
            call.cancel()
            _ = try? await call.value
            try await waitUntil { group.calls.isEmpty }
        }
    }

    @Test("groups of a past life are ended and removed at the next start")
    func sweeps() async throws {
        let group = try await DelegatedGroup()
        defer { group.remove() }
        let stray = group.path + "/call-0123456789abcdef"
        try FileManager.default.createDirectory(atPath: stray, withIntermediateDirectories: false)
        let left = try Program("/bin/sh", ["-c", "echo 0 > \(stray)/cgroup.procs && exec sleep 300"])
        try await waitUntil { try String(contentsOfFile: stray + "/cgroup.procs", encoding: .utf8) != "" }
        try await withExecutor(in: group) { _, _ in
            #expect(await left.exitStatus() == 128 + SIGKILL)
            #expect(group.calls.count <= 1)
        }
    }
}
