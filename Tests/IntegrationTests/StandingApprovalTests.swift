import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@Suite("Approvals that hold for a while, over the sockets", .timeLimit(.minutes(2)))
struct StandingApprovalTests {
    private static let user = "/usr/bin/id -u"
    private static let asOperator = "/usr/bin/id -g"
    private static let actor = Actor(userID: "7", chatID: "7")

    private static func call(
        _ client: ExecutorClient, _ command: String, actor: Actor = actor, answer: ApprovalAnswer? = nil
    ) async throws -> ToolCallAnswer {
        try await client.callTool("run_command", ["command": .string(command)], actor: actor, answer: answer)
    }

    /// Whether the call ran without a question.
    private static func runs(
        _ client: ExecutorClient, _ command: String, actor: Actor = actor
    ) async throws -> Bool {
        if case .result(let result) = try await call(client, command, actor: actor) { result.success } else { false }
    }

    /// Asks, and answers with a yes for some minutes; whether that ran.
    private static func approve(_ client: ExecutorClient, minutes: Int) async throws -> Bool {
        guard case .question(let question, _, let state) = try await call(client, user) else { return false }
        #expect(question.minutes == 15 && question.target == user)
        let answer = ApprovalAnswer(.yesFor(minutes: minutes), state: state)
        guard case .result(let result) = try await call(client, user, answer: answer) else { return false }
        return result.success
    }

    private static func grant(
        _ executor: ExecutorFixture, _ more: String..., rule: String = "ask-operator", target: String = asOperator,
        duration: String = "15m"
    ) async throws -> (status: Int32, output: String, error: String) {
        try await Program.run(
            "executorctl",
            [
                "--socket", executor.operatorSocket, "approvals", "grant", "--rule", rule, "--target", target, "--for",
                duration,
            ] + more)
    }

    @Test("what an operator grants runs without a question, is recorded with each call, and ends when revoked")
    func granted() async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            #expect(try await !Self.runs(client, Self.asOperator))
            let granted = try await Self.grant(executor)
            #expect(granted.status == 0 && granted.output.contains("target: \(Self.asOperator)"), "\(granted.error)")
            for _ in 0..<2 { #expect(try await Self.runs(client, Self.asOperator)) }
            #expect(try await !Self.runs(client, Self.user))
            #expect(try await !Self.runs(executor.operatorClient(), Self.asOperator))
            let listed = try #require(try await executor.operatorClient().standingApprovals().first)
            #expect(listed.uses == 2 && listed.role == "agent" && listed.by == "uid \(getuid())")
            #expect(try await executor.ctl("approvals", "grants").output.contains("uses: 2"))
            #expect(try await executor.ctl("approvals", "revoke", listed.id).status == 0)
            #expect(try await executor.ctl("approvals", "revoke", listed.id).status == 1)
            #expect(try await !Self.runs(client, Self.asOperator))
            #expect(try await executor.ctl("approvals", "grants").output.contains("No standing approval"))
            let intents = try await executor.audit("intent")
            let word = JSONValue.string("grant/\(listed.id)/uid \(getuid())")
            #expect(intents.map { $0["approval"] } == [word, word])
            let given = try await executor.audit("approval").last
            #expect(
                given?["rule"] == "ask-operator" && given?["detail"]?["granted"]?["target"] == .string(Self.asOperator))
            #expect(try await executor.audit("denial").last?["detail"]?["revoked"]?["id"] == .string(listed.id))
        }
    }

    @Test(
        "no grant without a rule, a target of it, and a time within the limit; and none for a rule that asks for codes")
    func refused() async throws {
        try await withExecutor { executor in
            for (rule, target, duration, status) in [
                ("none", Self.asOperator, "15m", Int32(1)), ("ask-operator", "df -h", "15m", 1),
                ("ask-operator", "x; y", "15m", 1), ("ask-code", "/usr/bin/id -un", "15m", 1),
                ("ask-operator", Self.asOperator, "13h", 1), ("ask-operator", Self.asOperator, "0m", 2),
                ("ask-operator", Self.asOperator, "soon", 2),
            ] {
                let granted = try await Self.grant(executor, rule: rule, target: target, duration: duration)
                #expect(granted.status == status, "\(rule) \(target) \(duration): \(granted)")
            }
            #expect(try await Self.grant(executor, "--role", "root").status == 2)
            let admin = try executor.operatorClient()
            let bad: [[String: JSONValue]] = [
                [:], ["rule": "ask-user"], ["rule": "ask-user", "target": .string(Self.user)],
                ["rule": "ask-user", "target": .string(Self.user), "seconds": 0],
                ["rule": "ask-user", "target": .string(Self.user), "seconds": 60, "role": "root"],
                ["rule": "ask-user", "target": .string(Self.user), "seconds": 60, "role": 1],
            ]
            for params in bad {
                await #expect(throws: RPCError.self) { try await admin.request(.approvalsGrant, params) }
            }
            await #expect(throws: RPCError.self) { try await admin.request(.approvalsRevoke, [:]) }
            #expect(try await admin.standingApprovals().isEmpty)
        }
    }

    @Test("a yes for some minutes in the chat holds for that connection and person; too many minutes give nothing")
    func chat() async throws {
        try await withExecutor { executor in
            let client = try executor.client(answersQuestions: true)
            for minutes in [0, -1, 16, 100_000] {
                #expect(try await Self.approve(client, minutes: minutes))
                #expect(try await executor.operatorClient().standingApprovals().isEmpty)
            }
            #expect(try await Self.approve(client, minutes: 15))
            #expect(try await Self.runs(client, Self.user))
            #expect(try await !Self.runs(client, Self.asOperator))
            #expect(try await !Self.runs(client, Self.user, actor: Actor(userID: "8", chatID: "7")))
            #expect(try await !Self.runs(executor.client(answersQuestions: true), Self.user))
            let given = try #require(try await executor.operatorClient().standingApprovals().first)
            #expect(given.by == "user" && given.uses == 1)
            #expect(try await executor.audit("intent").last?["approval"] == .string("grant/\(given.id)/user"))
            client.close()
            try await waitUntil { try await executor.operatorClient().standingApprovals().isEmpty }
        }
    }

    @Test("more grants than the limit are refused, and say so; the chat's yes is then for one call")
    func limit() async throws {
        try await withExecutor { executor in
            let admin = try executor.operatorClient()
            for _ in 0..<ExecutorLimits.standingApprovals {
                _ = try await admin.giveStanding(
                    rule: "ask-operator", target: Self.asOperator, role: .agent, for: .seconds(60))
            }
            let error = await #expect(throws: RPCError.self) {
                try await admin.giveStanding(
                    rule: "ask-operator", target: Self.asOperator, role: .agent, for: .seconds(60))
            }
            #expect(error?.code == -32000)
            let client = try executor.client(answersQuestions: true)
            #expect(try await Self.approve(client, minutes: 15))
            #expect(try await !Self.runs(client, Self.user))
        }
    }

    @Test("other rules end every grant, and so does a restart")
    func over() async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            #expect(try await Self.grant(executor).status == 0)
            try ExecutorFixture.write(
                ExecutorFixture.allowlist.replacing("says who", with: "tells who"),
                to: executor.directory + "/config/allowlist.json")
            executor.program.send(signal: SIGHUP)
            try await waitUntil { try await executor.operatorClient().standingApprovals().isEmpty }
            #expect(try await !Self.runs(client, Self.asOperator))
            #expect(try await Self.grant(executor).status == 0)
            #expect(try await Self.runs(client, Self.asOperator))
            let second = try await executor.restarted()
            #expect(try await executor.operatorClient().standingApprovals().isEmpty)
            #expect(try await !Self.runs(executor.client(), Self.asOperator))
            second.send(signal: SIGTERM)
            _ = await second.exitStatus()
        }
    }

    @Test("a grant that cannot be recorded is none")
    func unrecorded() async throws {
        try await withTemporaryDirectory { directory in
            let log = directory + "/log"
            mkdir(log, 0o700)
            let mounted = try await Program.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", log])
            // Whoever may not mount cannot fill a disk of its own.
            guard mounted.status == 0 else { return }
            defer { umount2(log, Int32(MNT_DETACH)) }
            let executor = try await ExecutorFixture(in: directory)
            let filled = try await Program.run("/bin/sh", ["-c", "cat /dev/zero > \(log)/ballast"])
            #expect(filled.status != 0)
            // The page of the log that is open may still take some records.
            var status: Int32 = 0
            for _ in 0..<40 where status == 0 { status = try await Self.grant(executor).status }
            #expect(status == 1)
            let given = try await executor.operatorClient().standingApprovals().count
            let again = try await Self.grant(executor)
            #expect(again.status == 1 && again.error.contains("nothing is granted"))
            #expect(try await executor.operatorClient().standingApprovals().count == given)
            _ = await executor.stop()
        }
    }
}
