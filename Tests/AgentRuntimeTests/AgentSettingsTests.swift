import AgentCore
import AgentRuntime
import Foundation
import Monitoring
import Testing

@Suite("The agent's settings")
struct AgentSettingsTests {
    private static let good = [
        "TELEGRAM_BOT_TOKEN": "123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ALLOWED_USER_IDS": "7, 8",
        "ANTHROPIC_API_KEY": "sk-ant-0123456789",
    ]

    @Test(
        "a variable that is wrong is named, with what would be right; a secret is never said",
        arguments: [
            ("TELEGRAM_BOT_TOKEN", "", "@BotFather"), ("TELEGRAM_BOT_TOKEN", "hunter2", "digits:letters"),
            ("ALLOWED_USER_IDS", "", "@userinfobot"), ("ALLOWED_USER_IDS", "me", "commas"),
            ("ALLOWED_USER_IDS", "-5", "commas"), ("ANTHROPIC_API_KEY", "", "console.anthropic.com"),
            ("ANTHROPIC_API_KEY", "hunter2", "sk-ant-"), ("MAX_TOKENS", "many", "256 to 128000"),
            ("MAX_ITERATIONS", "0", "1 to 50"), ("ITERATION_TIMEOUT", "1", "5 to 600"),
            ("TOOL_TIMEOUT", "x", "1 to 300"),
            ("TELEGRAM_API_URL", "ftp://x", "http://"), ("ANTHROPIC_BASE_URL", "api", "http://"),
            ("TELEGRAM_PROXY", "x:1", "socks5"), ("AGENT_LANGUAGE", "de", "ru, en"), ("LOG_LEVEL", "loud", "debug"),
        ])
    func refuses(_ name: String, _ value: String, _ words: String) {
        var environment = Self.good
        environment[name] = value
        let error = #expect(throws: SettingsError.self) {
            try AgentSettings(environment: environment, purpose: .service)
        }
        let text = (error?.problems ?? []).joined(separator: "\n")
        #expect(text.contains(name) && text.contains(words), "\(text)")
        #expect(!text.contains("hunter2"))
    }

    @Test("everything that is wrong is said at once")
    func all() {
        let error = #expect(throws: SettingsError.self) { try AgentSettings(environment: [:], purpose: .service) }
        #expect(error?.problems.count == 3)
    }

    @Test("the terminal needs neither token nor key, and answers with the built-in brain")
    func terminal() throws {
        let settings = try AgentSettings(environment: [:], purpose: .terminal)
        #expect(settings.usesBuiltInBrain && settings.executorSocket == "/run/devops-executor/executor.sock")
        var environment = Self.good
        environment["ANTHROPIC_API_KEY"] = nil
        environment["MODEL"] = "built-in"
        #expect(try AgentSettings(environment: environment, purpose: .service).usesBuiltInBrain)
    }

    @Test("good settings are read, and a slash at an address's end does not matter")
    func reads() throws {
        var environment = Self.good
        environment["TELEGRAM_API_URL"] = "http://127.0.0.1:8081/"
        environment["AGENT_LANGUAGE"] = "en"
        let settings = try AgentSettings(environment: environment, purpose: .service)
        #expect(settings.allowedUserIDs == [7, 8] && settings.telegramURL == "http://127.0.0.1:8081")
        #expect(
            settings.language == .english && settings.maxIterations == 10 && settings.iterationTimeout == .seconds(60))
        #expect(settings.model == "claude-sonnet-5-5" && !settings.usesBuiltInBrain)
    }

    @Test("a secret shows nothing, however it is printed")
    func secrets() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2"))
    }

    @Test("a file of settings is read as systemd reads one; a line that is none is named")
    func file() throws {
        let text = "# comment\n\n A=1\r\nB=\"two words\"\nC='x'\nD=a=b\nE=\n"
        #expect(
            try EnvironmentFile.parse(text, name: "f") == ["A": "1", "B": "two words", "C": "x", "D": "a=b", "E": ""])
        let error = #expect(throws: SettingsError.self) { try EnvironmentFile.parse("A=1\nnonsense\n", name: "f") }
        #expect(error?.problems.first?.contains("f, line 2") == true)
        #expect(throws: SettingsError.self) { try EnvironmentFile.environment(file: "/none/agent.env") }
    }
}

@Suite("The settings of the checks")
struct CheckSettingsTests {
    private static func settings(_ environment: [String: String]) throws -> AgentSettings {
        try AgentSettings(
            environment: environment.merging(["ALLOWED_USER_IDS": "8,7"]) { first, _ in first }, purpose: .terminal)
    }

    @Test(
        "a setting that is wrong is named, with what would be right",
        arguments: [
            ("CHECK_INTERVAL", "often", "0 to 86400"), ("CHECK_INTERVAL", "-1", "0 to 86400"),
            ("CHECK_INTERVAL", "4", "at least 5"), ("CHECK_SERVICES", "nginx;reboot", "commas"),
            ("CHECK_SERVICES", "-f", "commas"), ("CHECK_SERVICES", "../x", "commas"),
            ("QUIET_HOURS", "night", "23:00-07:00"), ("QUIET_HOURS", "7-7", "23:00-07:00"),
            ("DAILY_REPORT_AT", "25:00", "09:00"), ("DAILY_REPORT_AT", "noon", "09:00"),
            ("ALERT_CHAT_IDS", "me", "commas"), ("ALERT_CHAT_IDS", "7,0", "commas"),
        ])
    func refuses(_ name: String, _ value: String, _ words: String) {
        let error = #expect(throws: SettingsError.self) { try Self.settings([name: value]) }
        let text = (error?.problems ?? []).joined(separator: "\n")
        #expect(text.contains(name) && text.contains(words), "\(text)")
    }

    @Test("without settings the machine is checked every five minutes, and the users are told; each part can be off")
    func defaults() throws {
        let standard = try Self.settings([:]).checks
        #expect(standard.interval == .seconds(300) && standard.services.isEmpty && standard.quietHours == nil)
        #expect(standard.reportAt?.minutes == 540 && standard.chatIDs == [7, 8])
        for value in ["0", "off"] { #expect(try Self.settings(["CHECK_INTERVAL": value]).checks.interval == nil) }
        #expect(try Self.settings(["DAILY_REPORT_AT": "off"]).checks.reportAt == nil)
    }

    @Test("settings are read: services without their suffix and once each, groups below zero, hours over midnight")
    func reads() throws {
        let checks = try Self.settings([
            "CHECK_INTERVAL": "60", "CHECK_SERVICES": "nginx, nginx.service,postgresql@15-main", "QUIET_HOURS": "23-7",
            "DAILY_REPORT_AT": "8:30", "ALERT_CHAT_IDS": "7, -1001234567890",
        ]).checks
        #expect(checks.interval == .seconds(60) && checks.services == ["nginx", "postgresql@15-main"])
        #expect(checks.quietHours?.contains(minute: 60) == true && checks.reportAt?.minutes == 510)
        #expect(checks.chatIDs == [7, -1_001_234_567_890])
    }
}
