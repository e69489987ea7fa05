import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@Suite("Calls through the executor", .timeLimit(.minutes(2)))
struct CallTests {
    @Test(
        "what the policy refuses is a result with the rule and what would be accepted, and is recorded",
        arguments: [
            ("rm -rf /", Refusal.Code.blocked), ("uptime; id", .malformed), ("nmap localhost", .notAllowed),
            ("/bin/sleep -1", .notAllowed), ("cat /var/log/../../etc/hosts", .notAllowed),
        ])
    func refusals(_ command: String, _ code: Refusal.Code) async throws {
        try await withExecutor { executor in
            let result = try await executor.client().run(command)
            #expect(!result.success && result.refusal?.code == code)
            #expect(result.refusal?.alternative.isEmpty == false)
            let recorded = try await executor.audit("refusal")
            #expect(recorded.last?["detail"]?["code"]?.stringValue == code.rawValue)
            #expect(try await executor.audit("intent").isEmpty)
        }
    }

    @Test("a call leaves an intent and an outcome with the same id, and the chain verifies")
    func recorded() async throws {
        try await withExecutor { executor in
            let result = try await executor.client().run("/usr/bin/seq 3")
            #expect(result.success && result.output.contains("1\n2\n3"))
            let intent = try #require(try await executor.audit("intent").last)
            let outcome = try #require(try await executor.audit("outcome").last)
            #expect(intent["id"] == outcome["id"] && intent["rule"] == "seq" && outcome["exit"] == 0)
            #expect(intent["argv"]?.arrayValue == ["/usr/bin/seq 3"])
            #expect(intent["seq"]?.intValue ?? 0 < outcome["seq"]?.intValue ?? 0)
            let verdict = try await executor.ctl("audit", "verify")
            #expect(verdict.status == 0 && verdict.output.contains("intact"))
        }
    }

    @Test("a changed record is found, by its number")
    func tampering() async throws {
        try await withExecutor { executor in
            _ = try await executor.client().run("/bin/true")
            let file = executor.directory + "/log/audit/000001.jsonl"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try ExecutorFixture.write(text.replacingOccurrences(of: "/bin/true", with: "/bin/trux"), to: file)
            let verdict = try await executor.ctl("audit", "verify")
            #expect(verdict.status == 1 && verdict.output.contains("record 2 was changed"))
        }
    }

    @Test("a time-out ends the whole tree, and the error says timeout")
    func timesOut() async throws {
        try await withExecutor { executor in
            let result = try await executor.client().run("/bin/sleep 59", timeout: 1)
            #expect(!result.success && result.error?.contains("timeout") == true)
            #expect(try await executor.client().status()["load"]?["children"] == 0)
        }
    }

    @Test("a cancelled call and a caller that leaves end their children")
    func cancels() async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            let call = Task { try await client.run("/bin/sleep 58") }
            try await waitUntil { try await executor.operatorClient().status()["load"]?["children"] == 1 }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            try await waitUntil { try await executor.operatorClient().status()["load"]?["children"] == 0 }
            let leaving = try RawConnection(executor.agentSocket)
            leaving.send(
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_command","arguments":{"command":"/bin/sleep 57"}}}"#
            )
            try await waitUntil { try await executor.operatorClient().status()["load"]?["children"] == 1 }
            withExtendedLifetime(leaving) {}
        }
    }

    @Test("output comes as progress while the command runs, when a token asks for it")
    func progress() async throws {
        try await withExecutor { executor in
            let (stream, continuation) = AsyncStream<String>.makeStream()
            let answer = try await executor.client().callTool(
                "run_command", ["command": "/usr/bin/seq 5"], onOutput: { continuation.yield($0) })
            continuation.finish()
            var text = ""
            for await piece in stream { text += piece }
            guard case .result(let result) = answer else { throw POSIXError(.EIO) }
            #expect(result.success && text == "1\n2\n3\n4\n5\n")
        }
    }

    @Test("a caller that asks for progress and reads none of it does not hold its command beyond the time-out")
    func unreadProgress() async throws {
        try await withExecutor { executor in
            let deaf = try RawConnection(executor.agentSocket)
            deaf.send(
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_command","arguments":{"command":"/usr/bin/yes","timeout":2},"_meta":{"progressToken":1}}}"#
            )
            try await waitUntil { try await executor.audit("outcome").count == 1 }
            try await waitUntil { try await executor.operatorClient().status()["load"]?["children"] == 0 }
            withExtendedLifetime(deaf) {}
        }
    }

    @Test("the same operation id never runs twice, across a restart too")
    func operations() async throws {
        try await withTemporaryDirectory { directory in
            let command = "/bin/false"
            let first = try await ExecutorFixture(in: directory)
            let one = try await first.client().run(command, operation: "op-1")
            let again = try await first.client().run(command, operation: "op-1")
            #expect(one == again)
            #expect(try await first.audit("intent").count == 1)
            await #expect(throws: RPCError.self) { try await first.client().run("/bin/true", operation: "op-1") }
            first.program.send(signal: SIGKILL)
            _ = await first.program.exitStatus()
            let notify = try NotifySocket(directory: directory + "/config")
            let second = try ExecutorFixture.start(directory, notify)
            _ = await notify.wait(for: "READY=1")
            let after = try await first.client().run(command, operation: "op-1")
            #expect(after == one)
            #expect(try await first.audit("intent").count == 1)
            second.send(signal: SIGTERM)
            #expect(await second.exitStatus() == 0)
        }
    }

    @Test("an operation that a crash cut short is said to be unknown, and is not run again")
    func unknownOutcome() async throws {
        try await withTemporaryDirectory { directory in
            let first = try await ExecutorFixture(in: directory)
            let client = try first.client()
            let call = Task { try await client.run("/bin/sleep 56", operation: "op-2") }
            try await waitUntil { try await first.operatorClient().status()["load"]?["children"] == 1 }
            first.program.send(signal: SIGKILL)
            _ = await first.program.exitStatus()
            _ = try? await call.value
            let notify = try NotifySocket(directory: directory + "/config")
            let second = try ExecutorFixture.start(directory, notify)
            _ = await notify.wait(for: "READY=1")
            let after = try await first.client().run("/bin/sleep 56", operation: "op-2")
            #expect(!after.success && after.error?.contains("unknown") == true)
            #expect(try await first.audit("unknown").count == 1)
            #expect(try await first.ctl("audit", "verify").status == 0)
            second.send(signal: SIGTERM)
            _ = await second.exitStatus()
        }
    }
}

/// Polls a condition that no event tells of, for at most thirty seconds.
func waitUntil(_ condition: () async throws -> Bool) async throws {
    for _ in 0..<1500 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("it did not come to be in thirty seconds")
}
