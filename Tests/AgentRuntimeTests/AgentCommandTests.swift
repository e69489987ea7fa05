import AgentMemory
import Claude
import ExecutorAPI
import Foundation
import Logging
import Telegram
import TestSupport
import Testing

@testable import AgentRuntime

@Suite("The commands of devops-agent", .timeLimit(.minutes(1)))
struct AgentCommandTests {
    private static let minimum = [
        "TELEGRAM_BOT_TOKEN": TelegramStandIn.token, "ALLOWED_USER_IDS": "7", "MODEL": "built-in",
    ]

    /// Writes a file of settings; the test's own environment has none of these.
    private static func file(_ directory: String, _ settings: [String: String]) throws -> String {
        let path = directory + "/agent.env"
        let lines = settings.map { "\($0.key)=\($0.value)\n" }.sorted().joined()
        try Data(lines.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test(
        "settings that are wrong end every command with 2, before anything is made",
        arguments: [["ALLOWED_USER_IDS": "me"], ["TELEGRAM_BOT_TOKEN": "x"], ["LOG_LEVEL": "loud"]])
    func wrongSettings(_ change: [String: String]) async throws {
        try await withTemporaryDirectory { directory in
            let file = try Self.file(directory, Self.minimum.merging(change) { $1 })
            #expect(await AgentCommand.checkConfig(envFile: file) == 2)
            #expect(await AgentCommand.run(envFile: file, stateDirectory: directory + "/state") == 2)
            #expect(await AgentCommand.greet(envFile: file) == 2)
            #expect(!FileManager.default.fileExists(atPath: directory + "/state"))
        }
    }

    @Test("a token or key that its service does not accept is said by its name, which setup_systemd.sh goes by")
    func refused() {
        let badToken = TelegramError(.badToken, "Telegram refused getMe (401): Unauthorized")
        #expect(AgentCommand.refusal(badToken).hasPrefix("TELEGRAM_BOT_TOKEN is not accepted"))
        #expect(AgentCommand.refusal(TelegramError(.server, "words")) == "words")
        #expect(AgentCommand.refusal(ClaudeError(.unauthorized, "no")).hasPrefix("ANTHROPIC_API_KEY is not accepted"))
        #expect(AgentCommand.refusal(ClaudeError(.unknownModel, "words")) == "words")
    }

    @Test("a file of settings that is not there, a directory that cannot be made and a database that is none are said")
    func unusable() async throws {
        try await withTemporaryDirectory { directory in
            #expect(await AgentCommand.chat(once: "x", envFile: directory + "/no", stateDirectory: directory) == 2)
            #expect(await AgentCommand.doctor(envFile: directory + "/no", json: false) == 2)
            #expect(await AgentCommand.chat(once: "x", envFile: nil, stateDirectory: "/proc/no") == 2)
            #expect(AgentCommand.backup(to: directory + "/copy", stateDirectory: "/proc/no") == 2)
            try FileManager.default.createDirectory(atPath: directory + "/agent.db", withIntermediateDirectories: true)
            #expect(await AgentCommand.chat(once: "x", envFile: nil, stateDirectory: directory) == 1)
            #expect(AgentCommand.backup(to: directory + "/copy", stateDirectory: directory) == 1)
        }
    }

    @Test("one question on the terminal: 1 without an executor, 0 with one, and remembered")
    func once() async throws {
        try await withTemporaryDirectory { directory in
            let state = directory + "/agent"
            let file = try Self.file(directory, ["EXECUTOR_SOCKET": directory + "/run/executor.sock"])
            #expect(await AgentCommand.chat(once: "/health", envFile: file, stateDirectory: state) == 1)
            let executor = try await RunningExecutor(in: directory)
            let question = "сколько места на диске?"
            #expect(await AgentCommand.chat(once: question, envFile: file, stateDirectory: state) == 0)
            await executor.stop()
            let store = try AgentStore(path: state + "/agent.db")
            #expect(try await store.recentIncidents().map(\.query) == [question])
            try store.close()
            #expect(AgentCommand.backup(to: directory + "/copy.db", stateDirectory: state) == 0)
            let copy = try AgentStore(path: directory + "/copy.db")
            #expect(try await copy.recentIncidents().count == 1)
            try copy.close()
        }
    }

    @Test("the service answers until its token is taken back, which ends it with 2")
    func service() async throws {
        try await withTemporaryDirectory { directory in
            let telegram = try TelegramStandIn()
            defer { telegram.stop() }
            let file = try Self.file(
                directory,
                Self.minimum.merging([
                    "TELEGRAM_API_URL": telegram.url, "EXECUTOR_SOCKET": directory + "/none.sock",
                    "CHECK_INTERVAL": "off", "DAILY_REPORT_AT": "off",
                ]) { $1 })
            async let ended = AgentCommand.run(envFile: file, stateDirectory: directory + "/agent")
            telegram.send("/status")
            let answer = await telegram.waitForMessage { $0.chatID == 7 }
            #expect(answer.text.contains("встроенный режим") && answer.text.contains("❌ Исполнитель"))
            telegram.revokeToken(for: "1:other")
            telegram.send("/help")
            #expect(await ended == 2)
        }
    }

    @Test("the accounts are asked when it is wished: a token that is not accepted is 1, one that is is 0")
    func online() async throws {
        try await withTemporaryDirectory { directory in
            let (telegram, anthropic) = (try TelegramStandIn(), try AnthropicStandIn(script: []))
            defer {
                telegram.stop()
                anthropic.stop()
            }
            let good = Self.minimum.merging([
                "TELEGRAM_API_URL": telegram.url, "ANTHROPIC_BASE_URL": anthropic.url,
                "ANTHROPIC_API_KEY": AnthropicStandIn.key, "MODEL": AnthropicStandIn.model,
            ]) { $1 }
            let file = try Self.file(directory, good)
            #expect(await AgentCommand.checkConfig(envFile: file) == 0)
            #expect(await AgentCommand.checkConfig(envFile: file, online: true) == 0)
            #expect(await AgentCommand.greet(envFile: file) == 0)
            #expect(telegram.sent.map(\.chatID) == [7])
            telegram.revokeToken(for: "1:other")
            #expect(await AgentCommand.checkConfig(envFile: file, online: true) == 1)
            #expect(await AgentCommand.greet(envFile: file) == 1)
        }
    }

    @Test("doctor says what is bad, as text and as JSON, and ends with 1")
    func doctor() async throws {
        try await withTemporaryDirectory { directory in
            let file = try Self.file(directory, ["EXECUTOR_SOCKET": directory + "/none.sock"])
            for json in [false, true] { #expect(await AgentCommand.doctor(envFile: file, json: json) == 1) }
        }
    }

    @Test(
        "a log line is one line, whatever its values hold, with the journal's priority where it goes there",
        arguments: [
            (Logger.Level.trace, "<7>"), (.debug, "<7>"), (.info, "<6>"), (.notice, "<5>"), (.warning, "<4>"),
            (.error, "<3>"), (.critical, "<2>"),
        ])
    func logLines(_ level: Logger.Level, _ priority: String) {
        var log = StderrLog(level: .trace, environment: ["JOURNAL_STREAM": "8:1"])
        log[metadataKey: "always"] = "1"
        #expect(log[metadataKey: "always"] == "1")
        let line = log.line(level, "it failed", ["error": "a\r\n<0>b\u{2028}c"])
        #expect(line == "\(priority)it failed always=1 error=a <0>b c\n")
        let plain = StderrLog(level: .trace, environment: [:]).line(level, "it failed", nil)
        #expect(plain == "\(level): it failed\n")
    }
}
