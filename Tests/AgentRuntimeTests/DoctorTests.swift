import AgentMemory
import AgentRuntime
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("doctor", .timeLimit(.minutes(1)))
struct DoctorTests {
    private func examine(
        in directory: String, _ environment: [String: String] = [:]
    ) async -> [String: DoctorFinding] {
        var places = Doctor.Places()
        places.environmentFile = directory + "/agent.env"
        places.credentials = directory + "/credentials"
        places.state = directory
        places.operatorSocket = directory + "/operator.sock"
        let doctor = Doctor(
            places: places, environment: ["EXECUTOR_SOCKET": directory + "/none.sock"].merging(environment) { $1 })
        let findings = await doctor.examine()
        return Dictionary(findings.map { ($0.check, $0) }) { first, _ in first }
    }

    @Test("settings that are missing, an executor that is away and open files are bad, each with a remedy")
    func bad() async throws {
        try await withTemporaryDirectory { directory in
            chmod(directory, 0o700)
            mkdir(directory + "/credentials", 0o700)
            try Data("x".utf8).write(to: URL(filePath: directory + "/credentials/TELEGRAM_BOT_TOKEN"))
            chmod(directory + "/credentials/TELEGRAM_BOT_TOKEN", 0o644)
            let findings = await examine(in: directory)
            for check in ["configuration", "executor", "permissions"] {
                #expect(findings[check]?.state == .bad && findings[check]?.remedy != nil, "\(check)")
            }
            #expect(findings["permissions"]?.detail.contains("credentials/TELEGRAM_BOT_TOKEN") == true)
            #expect(findings["audit chain"]?.state == .unknown)
            #expect(findings["disk"]?.state == .good)
            #expect(Doctor.exitStatus(Array(findings.values)) == 1)
            #expect(Doctor.json(Array(findings.values))["healthy"] == false)
        }
    }

    @Test("the two services are asked: who the bot is, whether the key may use the model, and what the time is")
    func accounts() async throws {
        try await withTemporaryDirectory { directory in
            let (telegram, anthropic) = (try TelegramStandIn(), try AnthropicStandIn(script: []))
            defer {
                telegram.stop()
                anthropic.stop()
            }
            let environment = [
                "TELEGRAM_BOT_TOKEN": TelegramStandIn.token, "TELEGRAM_API_URL": telegram.url, "ALLOWED_USER_IDS": "7",
                "ANTHROPIC_API_KEY": AnthropicStandIn.key, "ANTHROPIC_BASE_URL": anthropic.url,
                "MODEL": AnthropicStandIn.model,
            ]
            let good = await examine(in: directory, environment)
            #expect(good["telegram"]?.state == .good && good["telegram"]?.detail.contains("@devops_bot") == true)
            #expect(good["model"]?.state == .good)
            // The stand-in's clock stands still in 1994.
            #expect(good["clock"]?.state == .warning && good["clock"]?.remedy?.contains("timedatectl") == true)
            let wrong = [
                "TELEGRAM_BOT_TOKEN": "123456789:WRONGWRONGWRONGWRONGWRONG", "ANTHROPIC_API_KEY": "sk-ant-wrong-key",
            ]
            let bad = await examine(in: directory, environment.merging(wrong) { $1 })
            #expect(bad["telegram"]?.state == .bad && bad["telegram"]?.remedy?.contains("@BotFather") == true)
            #expect(bad["model"]?.state == .warning && bad["model"]?.remedy?.contains("console.anthropic.com") == true)
            let said = bad.values.map(\.text).joined()
            for secret in wrong.values { #expect(!said.contains(secret)) }
            let other = await examine(in: directory, environment.merging(["MODEL": "claude-none"]) { $1 })
            #expect(other["model"]?.detail.contains("claude-none") == true)
            #expect(telegram.violations.isEmpty && anthropic.violations.isEmpty)
        }
    }

    @Test(
        "an executor that cannot confine commands as its rules ask is bad; where the operator has agreed, a warning",
        arguments: [
            ([], "strict", .good), (["Landlock"], "strict", .bad), (["Landlock", "seccomp"], "lenient", .warning),
        ] as [([JSONValue], JSONValue, DoctorFinding.State)])
    func sandbox(missing: [JSONValue], mode: JSONValue, state: DoctorFinding.State) {
        let status: JSONValue = ["containment": ["missing": .array(missing), "sandbox": mode]]
        let finding = Doctor.read(status).first { $0.check == "sandbox" }
        #expect(finding?.state == state)
        for name in missing { #expect(finding?.detail.contains(name.stringValue ?? "?") == true) }
        #expect((finding?.remedy != nil) == (state == .bad))
    }

    @Test("a copy of the memory is whole, closed to others, and never written over another file")
    func backup() async throws {
        try await withTemporaryDirectory { directory in
            let store = try AgentStore(path: directory + "/agent.db")
            try await store.setState("kept", "while it is open")
            #expect(AgentCommand.backup(to: directory + "/copy.db", stateDirectory: directory) == 0)
            #expect(AgentCommand.backup(to: directory + "/copy.db", stateDirectory: directory) == 1)
            let mode =
                try FileManager.default.attributesOfItem(atPath: directory + "/copy.db")[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try await AgentStore(path: directory + "/copy.db").state("kept") == "while it is open")
            try store.close()
        }
    }

    @Test(
        "an empty line of the settings does not hide the secret that systemd hands over, whatever editor wrote its file",
        arguments: [
            ("123:secret", "123:secret"), ("123:secret\n", "123:secret"), ("123:secret\r\n", "123:secret"),
            ("\u{FEFF}123:secret\r\n\r\n", "123:secret"), (" \t123:secret ", "123:secret"), ("", ""), (" ", ""),
            ("\r\n", ""),
        ])
    func credentials(_ content: String, _ secret: String) throws {
        try withTemporaryDirectory { directory in
            try Data("\u{FEFF}TELEGRAM_BOT_TOKEN=\r\nMODEL=built-in\r\n".utf8)
                .write(to: URL(filePath: directory + "/agent.env"))
            try Data(content.utf8).write(to: URL(filePath: directory + "/TELEGRAM_BOT_TOKEN"))
            let environment = try EnvironmentFile.environment(file: directory + "/agent.env", credentials: directory)
            #expect(environment["TELEGRAM_BOT_TOKEN"] == secret && environment["MODEL"] == "built-in")
        }
    }
}
