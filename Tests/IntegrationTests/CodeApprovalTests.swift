import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("Approvals by one-time codes", .timeLimit(.minutes(2)))
struct CodeApprovalTests {
    private static let command = "/usr/bin/id -un"

    private static func call(
        _ client: ExecutorClient, _ reply: ApprovalReply? = nil, state: String = ""
    ) async throws -> ToolCallAnswer {
        let answer = reply.map { ApprovalAnswer($0, state: state) }
        return try await client.callTool("run_command", ["command": .string(command)], answer: answer)
    }

    private static func result(
        _ client: ExecutorClient, _ reply: ApprovalReply? = nil, state: String = ""
    ) async throws -> ToolResult {
        guard case .result(let result) = try await call(client, reply, state: state) else { throw POSIXError(.EIO) }
        return result
    }

    private static func question(
        _ client: ExecutorClient, _ reply: ApprovalReply? = nil, state: String = ""
    ) async throws -> (question: ApprovalQuestion, message: String, state: String) {
        guard case .question(let question, let message, let state) = try await call(client, reply, state: state) else {
            throw POSIXError(.EIO)
        }
        return (question, message, state)
    }

    private static func code(_ digits: String) throws -> ApprovalReply { .code(try #require(OneTimeCode(digits))) }

    @Test("without a secret the call is refused, and the refusal says how to enroll one")
    func notEnrolled() async throws {
        try await withExecutor { executor in
            let result = try await Self.result(executor.client(answersQuestions: true))
            #expect(result.refusal?.code == .approvalRequired && result.refusal?.rule == "ask-code")
            #expect(result.refusal?.alternative.contains("executorctl totp enroll") == true)
            #expect(try await executor.operatorClient().approvals().isEmpty)
        }
    }

    @Test("a yes, a wrong code and a used code run nothing; the right code runs the command, once")
    func codes() async throws {
        try await withExecutor { executor in
            let person = try await executor.enroll()
            let client = try executor.client(answersQuestions: true)
            let yes = try await Self.question(client)
            #expect(yes.question.level == "totp" && yes.message.contains("code") && yes.message.contains(Self.command))
            #expect(try await Self.result(client, .yes, state: yes.state).refusal?.code == .approvalInvalid)
            let first = try await Self.question(client)
            let again = try await Self.question(client, Self.code(person.wrongCode), state: first.state)
            #expect(again.question.triesLeft == 4 && again.question.id == first.question.id)
            let code = person.code()
            #expect(try await Self.result(client, Self.code(code), state: again.state).success)
            #expect(
                try await Self.result(client, Self.code(code), state: again.state).refusal?.code == .approvalInvalid)
            let second = try await Self.question(client)
            #expect(try await Self.question(client, Self.code(code), state: second.state).question.triesLeft == 3)
            let intents = try await executor.audit("intent")
            #expect(intents.map { $0["approval"] } == [.string("totp/\(first.question.id)")])
            #expect(!executor.holds("\"\(code)\""))
        }
    }

    @Test("a used code stays used after a restart")
    func restart() async throws {
        try await withExecutor { executor in
            let person = try await executor.enroll()
            let code = person.code(1)
            let client = try executor.client(answersQuestions: true)
            #expect(try await Self.result(client, Self.code(code), state: Self.question(client).state).success)
            let second = try await executor.restarted()
            let fresh = try executor.client(answersQuestions: true)
            let state = try await Self.question(fresh).state
            #expect(try await Self.question(fresh, Self.code(code), state: state).question.triesLeft == 4)
            second.send(signal: SIGTERM)
            _ = await second.exitStatus()
        }
    }

    @Test("after too many wrong codes none of that caller is checked, and no question is asked")
    func limit() async throws {
        try await withExecutor { executor in
            let person = try await executor.enroll()
            let client = try executor.client(answersQuestions: true)
            let wrong = try Self.code(person.wrongCode)
            var state = try await Self.question(client).state
            for _ in 1..<ExecutorLimits.wrongCodes {
                state = try await Self.question(client, wrong, state: state).state
            }
            #expect(try await Self.result(client, wrong, state: state).refusal?.code == .approvalInvalid)
            #expect(try await Self.result(client, Self.code(person.code()), state: state).refusal != nil)
            #expect(try await Self.result(client).refusal?.code == .limit)
            #expect(try await executor.audit("intent").isEmpty)
            let refusals = try await executor.audit("refusal")
            #expect(refusals.filter { $0["rule"] == "ask-code" }.count >= ExecutorLimits.wrongCodes)
            #expect(!executor.holds("\"\(person.wrongCode)\""))
        }
    }

    @Test("a caller that cannot be asked gets its yes from an operator, who needs the code as well")
    func operators() async throws {
        try await withExecutor { executor in
            let person = try await executor.enroll()
            let client = try executor.client()
            let refusal = try #require(try await Self.result(client).refusal)
            let id = try #require(try await executor.operatorClient().approvals().first?.id)
            #expect(refusal.code == .approvalRequired && refusal.alternative.contains("approvals approve \(id)"))
            for input in ["", "y\n", person.wrongCode + "\n"] {
                let (status, output, error) = try await executor.ctl("approvals", "approve", id, input: input)
                #expect(status == 1 && output.contains(Self.command) && error.contains("code"), "\(error)")
            }
            #expect(try await Self.result(client).refusal?.code == .approvalRequired)
            let secret = executor.directory + "/state/totp.secret"
            rename(secret, secret + ".away")
            let away = try await executor.ctl("approvals", "approve", id, input: person.code() + "\n")
            #expect(away.status == 1 && away.error.contains("executorctl totp enroll"), "\(away.error)")
            rename(secret + ".away", secret)
            #expect(try await executor.ctl("approvals", "approve", id, input: person.code() + "\n").status == 0)
            #expect(try await Self.result(client).success)
            #expect(try await Self.result(client).refusal?.code == .approvalRequired)
            let approval = try await executor.audit("intent").last?["approval"]?.stringValue
            #expect(approval == "totp/\(id)/uid \(getuid())")
        }
    }
}

@Suite("Enrolling an authenticator", .timeLimit(.minutes(1)))
struct TotpEnrollTests {
    @Test("the secret is made once, replaced only when asked, and is in no record and no log")
    func enroll() async throws {
        try await withExecutor { executor in
            let first = try await executor.ctl("totp", "enroll")
            #expect(first.status == 0 && first.output.hasPrefix("otpauth://totp/devops-executor:"))
            let second = try await executor.ctl("totp", "enroll")
            #expect(second.status == 1 && second.error.contains("--replace") && !second.output.contains("otpauth"))
            let third = try await executor.ctl("--json", "totp", "enroll", "--replace")
            let address = try JSONValue(parsing: third.output)["address"]?.stringValue ?? ""
            #expect(third.status == 0 && address != first.output && !address.isEmpty)
            let notes = try await executor.audit("note").filter { $0["tool"] == "totp_enrolled" }
            #expect(
                notes.map { $0["detail"]?["replaced"] } == [false, true] && notes[0]["peer"]?["role"] == "operator")
            #expect(!executor.holds("otpauth") && !executor.holds("secret="))
            _ = await executor.stop()
            #expect(await !executor.program.standardError().contains("secret="))
        }
    }

    @Test("a secret that cannot be written is an error, and there is none then")
    func unwritable() async throws {
        try await withExecutor { executor in
            mkdir(executor.directory + "/state/totp.secret.new", 0o700)
            let enrolled = try await executor.ctl("totp", "enroll")
            #expect(enrolled.status == 1 && enrolled.error.contains("totp.secret") && enrolled.output.isEmpty)
            #expect(!executor.holds("otpauth"))
        }
    }

    @Test("qrencode draws the address, which it gets on its standard input and never as an argument")
    func picture() async throws {
        try await withExecutor { executor in
            let bin = executor.directory + "/bin"
            try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
            try await ExecutorFixture.writeProgram(
                "#!/bin/sh\necho \"arguments: $*\"\ncat\necho\n", to: bin + "/qrencode")
            func enroll(_ path: String) async throws -> [String] {
                let (status, output, _) = try await Program.run(
                    "executorctl", ["--socket", executor.operatorSocket, "totp", "enroll", "--replace"],
                    environment: ["PATH": path])
                #expect(status == 0)
                return output.split(separator: "\n").map(String.init)
            }
            let lines = try await enroll(bin + ":/usr/bin:/bin")
            #expect(lines.count == 3 && lines[1] == "arguments: -t ANSIUTF8" && lines[2] == lines[0], "\(lines)")
            #expect(try await enroll("/nonexistent").count == 1)
        }
    }
}
