import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@Suite("The executor as a daemon", .timeLimit(.minutes(2)))
struct DaemonTests {
    @Test(
        "a rule file that cannot be trusted means: deny everything, stay up, never READY; check-config names the remedy",
        arguments: [
            (#"{"a": ["uptime""#, "not valid JSON"), (#"{"a": ["frobnicate *"]}"#, "a[0]"), (#"{"a": 1}"#, "no list"),
        ])
    func badRules(_ text: String, _ words: String) async throws {
        try await withExecutor(allowlist: text, waitsForReady: false) { executor in
            let status = await executor.notify.wait(forPrefix: "STATUS=")
            #expect(status?.contains("READY=1") == false)
            let result = try await executor.client().run("uptime")
            #expect(result.refusal?.code == .policyInvalid && result.refusal?.message.contains(words) == true)
            let check = try await Program.run(
                "devops-executor", ["check-config", "--config-dir", executor.directory + "/config"])
            #expect(check.status == 1 && check.error.contains(words) && check.error.contains("allowlist.json"))
        }
    }

    @Test("a file that others can write is refused, by name and with the command that mends it")
    func writableRules() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/allowlist.json"
            try ExecutorFixture.write(ExecutorFixture.allowlist, to: file)
            chmod(file, 0o666)
            let check = try await Program.run("devops-executor", ["check-config", "--config-dir", directory])
            #expect(check.status == 1 && check.error.contains("chmod go-w \(file)"))
            chmod(file, 0o644)
            #expect(try await Program.run("devops-executor", ["check-config", "--config-dir", directory]).status == 0)
            chmod(directory, 0o777)
            #expect(try await Program.run("devops-executor", ["check-config", "--config-dir", directory]).status == 1)
            chmod(directory, 0o700)
        }
    }

    @Test("SIGHUP takes good rules up, and keeps the last good ones when the new are bad")
    func reload() async throws {
        try await withExecutor { executor in
            let file = executor.directory + "/config/allowlist.json"
            try ExecutorFixture.write(#"{"a": ["free -m"]}"#, to: file)
            executor.program.send(signal: SIGHUP)
            _ = await executor.notify.wait(for: "READY=1")
            #expect(try await executor.client().run("free -m").success)
            #expect(try await executor.client().run("uptime").refusal?.code == .notAllowed)
            try ExecutorFixture.write("{", to: file)
            executor.program.send(signal: SIGHUP)
            _ = await executor.notify.wait(for: "READY=1")
            #expect(try await executor.client().run("free -m").success)
            #expect(
                try await executor.client().status()["policy"]?["fault"]?.stringValue?.contains("not valid JSON")
                    == true)
            #expect(try await executor.audit("reload").count == 2)
        }
    }

    @Test("SIGTERM lets a call in flight finish, says STOPPING, records the stop, and exits 0")
    func stops() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory)
            let client = try executor.client()
            let call = Task { try await client.run("/bin/sleep 5") }
            try await waitUntil { try await executor.operatorClient().status()["load"]?["children"] == 1 }
            #expect(await executor.stop() == 0)
            #expect(try await call.value.success)
            #expect(await executor.notify.wait(for: "STOPPING=1") != nil)
            #expect(!FileManager.default.fileExists(atPath: executor.agentSocket))
            let log = try String(contentsOfFile: directory + "/log/audit/000001.jsonl", encoding: .utf8)
            #expect(log.contains(#""kind":"stop""#) && log.contains(#""kind":"checkpoint""#))
        }
    }

    @Test("executorctl's exit codes are the contract's")
    func exitCodes() async throws {
        try await withExecutor { executor in
            #expect(try await executor.ctl("status").status == 0)
            #expect(try await executor.ctl("tools").output.contains("check_port{port}"))
            #expect(try await executor.ctl("explain", "uptime").status == 0)
            #expect(try await executor.ctl("explain", "rm", "-rf", "/").status == 1)
            #expect(try await executor.ctl("call", "run_command", "command=/bin/true").status == 0)
            #expect(try await executor.ctl("call", "run_command", "command=/bin/false").status == 1)
            #expect(try await executor.ctl("frobnicate").status == 2)
            #expect(try await executor.ctl("call").status == 2)
            #expect(try await executor.ctl("explain").status == 2)
            let away = try await Program.run("executorctl", ["--socket", executor.directory + "/none.sock", "status"])
            #expect(away.status == 3 && away.error.contains("Is devops-executor running?"))
            #expect(
                try await executor.ctl("explain", "--json", "uptime", "--pretty").output.contains("uptime --pretty"))
            #expect(try await executor.ctl("call", "run_command", "uptime").error.contains("no key=value"))
            #expect(try await executor.ctl("approvals").output.contains("Nothing waits"))
            let lines = try await executor.ctl("explain", "--stdin", input: "\"uptime\"\n\"id\"\n\"/usr/bin/id -u\"\n")
            let verdicts = lines.output.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
            #expect(verdicts.map { $0["verdict"] } == ["allowed", "denied", "needs_approval"])
        }
    }

    @Test("mcp joins standard input and output to the socket")
    func bridge() async throws {
        try await withExecutor { executor in
            let answer = try await executor.ctl(
                "mcp", input: #"{"jsonrpc":"2.0","id":9,"method":"tools/list","params":{}}"# + "\n")
            let message = try JSONValue(parsing: answer.output.trimmingCharacters(in: .newlines))
            #expect(message["id"] == 9 && message["result"]?["tools"]?.arrayValue?.count == 10)
        }
    }
}
