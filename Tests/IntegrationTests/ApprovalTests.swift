import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@Suite("Approvals", .timeLimit(.minutes(2)))
struct ApprovalTests {
    private static func call(
        _ client: ExecutorClient, _ command: String, answer: ApprovalAnswer? = nil
    ) async throws -> ToolCallAnswer {
        try await client.callTool("run_command", ["command": .string(command)], answer: answer)
    }

    private static func question(
        _ client: ExecutorClient, _ command: String
    ) async throws -> (question: ApprovalQuestion, state: String) {
        guard case .question(let question, let message, let state) = try await call(client, command) else {
            throw POSIXError(.EIO)
        }
        #expect(message.contains(command))
        return (question, state)
    }

    @Test("a yes runs exactly the command that was shown, once")
    func yes() async throws {
        try await withExecutor { executor in
            let client = try executor.client(answersQuestions: true)
            let (question, state) = try await Self.question(client, "/usr/bin/id -u")
            #expect(
                question.rule == "ask-user" && question.level == "user" && question.justification == "says who runs it")
            let answer = ApprovalAnswer(.yes, state: state)
            guard case .result(let result) = try await Self.call(client, "/usr/bin/id -u", answer: answer) else {
                throw POSIXError(.EIO)
            }
            #expect(result.success)
            guard case .result(let second) = try await Self.call(client, "/usr/bin/id -u", answer: answer) else {
                throw POSIXError(.EIO)
            }
            #expect(second.refusal?.code == .approvalInvalid)
            #expect(try await executor.audit("intent").last?["approval"]?.stringValue?.hasPrefix("user/") == true)
        }
    }

    @Test("a no, a forged state, and a state for another call are refused")
    func refusals() async throws {
        try await withExecutor { executor in
            let client = try executor.client(answersQuestions: true)
            let no = try await Self.question(client, "/usr/bin/id -u")
            let another = try await Self.question(client, "/usr/bin/id -u")
            let forged = String(another.state.dropLast()) + (another.state.hasSuffix("0") ? "1" : "0")
            let cases: [(ApprovalAnswer, String)] = [
                (ApprovalAnswer(.no, state: no.state), "/usr/bin/id -u"),
                (ApprovalAnswer(.yes, state: forged), "/usr/bin/id -u"),
                (ApprovalAnswer(.yes, state: "none"), "/usr/bin/id -u"),
                (ApprovalAnswer(.yes, state: another.state), "/usr/bin/id -g"),
            ]
            for (answer, command) in cases {
                guard case .result(let result) = try await Self.call(client, command, answer: answer) else {
                    throw POSIXError(.EIO)
                }
                #expect(result.refusal?.code == .approvalInvalid, "\(answer) \(command)")
            }
            #expect(try await executor.audit("intent").isEmpty)
        }
    }

    @Test("a caller that cannot be asked is told how an operator approves, and then may, once")
    func operatorApproval() async throws {
        try await withExecutor { executor in
            let client = try executor.client(answersQuestions: true)
            guard case .result(let refused) = try await Self.call(client, "/usr/bin/id -g") else {
                throw POSIXError(.EIO)
            }
            #expect(refused.refusal?.code == .approvalRequired)
            #expect(refused.refusal?.alternative.contains("executorctl approvals approve") == true)
            let listed = try await executor.ctl("approvals", "list")
            #expect(listed.output.contains("command: /usr/bin/id -g"))
            guard case .result(let same) = try await Self.call(client, "/usr/bin/id -g") else { throw POSIXError(.EIO) }
            #expect(same.refusal?.alternative == refused.refusal?.alternative)
            let waiting = try await executor.operatorClient().approvals()
            let id = try #require(waiting.first?.id)
            let approved = try await executor.ctl("approvals", "approve", id)
            #expect(approved.status == 0)
            let caller = "caller: uid \(getuid()), pid \(getpid()), agent socket"
            for part in ["command: /usr/bin/id -g", "rule: ask-operator", "level: operator", "expires: 20", caller] {
                #expect(approved.output.contains(part), "no \(part) in \(approved.output)")
            }
            #expect(try await executor.ctl("approvals", "approve", id).status == 1)
            guard case .result(let ran) = try await Self.call(client, "/usr/bin/id -g") else { throw POSIXError(.EIO) }
            #expect(ran.success)
            guard case .result(let again) = try await Self.call(client, "/usr/bin/id -g") else {
                throw POSIXError(.EIO)
            }
            #expect(again.refusal?.code == .approvalRequired)
            #expect(try await executor.ctl("approvals", "deny", "none").status == 1)
        }
    }

    @Test("an operator's no is recorded, closes the question, and stands against a yes that comes later")
    func operatorDenial() async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            _ = try await Self.call(client, "/usr/bin/id -g")
            let id = try #require(try await executor.operatorClient().approvals().first?.id)
            #expect(try await executor.ctl("approvals", "deny", id).status == 0)
            #expect(try await executor.operatorClient().approvals().isEmpty)
            #expect(try await executor.ctl("approvals", "approve", id).status == 1)
            #expect(try await executor.audit("denial").first?["id"]?.stringValue == id)
            guard case .result(let result) = try await Self.call(client, "/usr/bin/id -g") else {
                throw POSIXError(.EIO)
            }
            #expect(result.refusal?.code == .approvalRequired)
            #expect(try await executor.audit("intent").isEmpty)
        }
    }

    @Test("the end of the connection that was asked, other rules, and a restart mean no")
    func over() async throws {
        try await withExecutor { executor in
            let stays = try executor.client(answersQuestions: true)
            let leaves = try executor.client(answersQuestions: true)
            let gone = try await Self.question(leaves, "/usr/bin/id -u").state
            leaves.close()
            try await waitUntil { try await executor.operatorClient().approvals().isEmpty }
            let reloaded = try await Self.question(stays, "/usr/bin/id -u").state
            try ExecutorFixture.write(
                ExecutorFixture.allowlist.replacing("says who", with: "tells who"),
                to: executor.directory + "/config/allowlist.json")
            executor.program.send(signal: SIGHUP)
            try await waitUntil { try await executor.operatorClient().approvals().isEmpty }
            let restarted = try await Self.question(stays, "/usr/bin/id -u").state
            for state in [gone, reloaded] { #expect(try await !Self.runs(stays, state)) }
            #expect(try await executor.audit("intent").isEmpty)
            let second = try await executor.restarted()
            #expect(try await !Self.runs(executor.client(answersQuestions: true), restarted))
            #expect(try await executor.audit("intent").isEmpty)
            second.send(signal: SIGTERM)
            _ = await second.exitStatus()
        }
    }

    @Test("a state that another connection got hold of runs nothing, and leaves the question to whom it was put")
    func stolen() async throws {
        try await withExecutor { executor in
            let (asked, thief) = (
                try executor.client(answersQuestions: true), try executor.client(answersQuestions: true)
            )
            let state = try await Self.question(asked, "/usr/bin/id -u").state
            #expect(try await !Self.runs(thief, state))
            #expect(try await Self.runs(asked, state))
        }
    }

    @Test("a caller's questions are limited, and an answer to a question that is none is an error")
    func limits() async throws {
        try await withExecutor { executor in
            let client = try executor.client(answersQuestions: true)
            for _ in 0..<ExecutorLimits.pendingApprovalsOfCaller {
                _ = try await Self.question(client, "/usr/bin/id -u")
            }
            guard case .result(let result) = try await Self.call(client, "/usr/bin/id -u") else {
                throw POSIXError(.EIO)
            }
            #expect(result.refusal?.code == .limit && result.refusal?.rule == "ask-user")
            let admin = try executor.operatorClient()
            for approved in [true, false] {
                await #expect(throws: RPCError.self) { try await admin.decide("none", approved: approved) }
            }
            await #expect(throws: RPCError.self) { try await admin.request(.approvalsApprove, ["id": 7]) }
        }
    }

    private static func runs(_ client: ExecutorClient, _ state: String) async throws -> Bool {
        let answer = ApprovalAnswer(.yes, state: state)
        guard case .result(let result) = try await call(client, "/usr/bin/id -u", answer: answer) else { return false }
        return result.success
    }
}
