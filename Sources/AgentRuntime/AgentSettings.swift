package import AgentCore
package import Monitoring

/// All the agent is told by its environment, read and checked.
package struct AgentSettings: Sendable {
    /// `nil` where the variable is not set: the chat on the terminal needs none.
    package var telegramToken: Secret?
    package var allowedUserIDs: Set<Int64>
    /// `nil` where the built-in brain answers.
    package var anthropicKey: Secret?
    package var model: String
    /// Tokens of one answer of the model.
    package var maxTokens: Int
    package var maxIterations: Int
    package var iterationTimeout: Duration
    package var toolTimeout: Duration
    package var telegramURL: String
    package var anthropicURL: String
    package var telegramProxy: String?
    package var anthropicProxy: String?
    package var executorSocket: String
    /// `nil`: the language of each message.
    package var language: Language?
    package var logLevel: String
    /// What is looked at without anybody asking, and who is told.
    package var checks: CheckPlan

    /// The name that asks for the built-in brain in `MODEL`.
    package static let builtInModel = "built-in"
    package static let defaultModel = "claude-sonnet-5-5"

    package var usesBuiltInBrain: Bool { anthropicKey == nil || model == Self.builtInModel }
}

/// Everything that is wrong with the environment, one sentence each.
package struct SettingsError: Error, Sendable, Equatable {
    package var problems: [String]
    package init(_ problems: [String]) { self.problems = problems }
}

/// What a command needs of the settings.
package enum SettingsPurpose: Sendable {
    /// Telegram, and Claude unless `MODEL=built-in`.
    case service
    case terminal
}

extension AgentSettings {
    /// - Parameter environment: By name; see ``EnvironmentFile`` for where else values come from.
    /// - Throws: ``SettingsError`` naming every variable that is wrong, and what would be right.
    package init(environment: [String: String], purpose: SettingsPurpose) throws(SettingsError) {
        var reader = SettingsReader(environment)
        telegramToken = reader.secret("TELEGRAM_BOT_TOKEN", pattern: "digits:letters") { token in
            let parts = token.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0].allSatisfy(\.isNumber) && !parts[0].isEmpty && parts[1].count >= 20
        }
        allowedUserIDs = reader.userIDs("ALLOWED_USER_IDS")
        anthropicKey = reader.secret("ANTHROPIC_API_KEY", pattern: "sk-ant-…") { key in
            key.count >= 10 && key.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 }
        }
        model = reader.text("MODEL") ?? Self.defaultModel
        maxTokens = reader.integer("MAX_TOKENS", default: 8192, in: 256...128_000)
        maxIterations = reader.integer("MAX_ITERATIONS", default: 10, in: 1...50)
        iterationTimeout = .seconds(reader.integer("ITERATION_TIMEOUT", default: 60, in: 5...600))
        toolTimeout = .seconds(reader.integer("TOOL_TIMEOUT", default: 30, in: 1...300))
        telegramURL = reader.url("TELEGRAM_API_URL", schemes: Self.web) ?? "https://api.telegram.org"
        anthropicURL = reader.url("ANTHROPIC_BASE_URL", schemes: Self.web) ?? "https://api.anthropic.com"
        telegramProxy = reader.url("TELEGRAM_PROXY", schemes: Self.proxies)
        anthropicProxy = reader.url("ANTHROPIC_PROXY", schemes: Self.proxies)
        executorSocket = reader.text("EXECUTOR_SOCKET") ?? "/run/devops-executor/executor.sock"
        language = reader.choice("AGENT_LANGUAGE", of: Language.allCases)
        logLevel = reader.choice("LOG_LEVEL", of: LogLevel.allCases)?.rawValue ?? "info"
        checks = reader.checks(standardChats: allowedUserIDs)
        if purpose == .service { reader.require(self) }
        guard reader.problems.isEmpty else { throw SettingsError(reader.problems) }
    }

    private static let web = ["http", "https"]
    private static let proxies = ["http", "https", "socks5", "socks5h"]

    enum LogLevel: String, CaseIterable { case trace, debug, info, notice, warning, error, critical }
}

/// Takes one variable after the other, and collects what is wrong.
struct SettingsReader {
    private let environment: [String: String]
    var problems: [String] = []

    init(_ environment: [String: String]) { self.environment = environment }

    /// An empty variable counts as not set.
    func text(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    mutating func secret(_ name: String, pattern: String, isGood: (String) -> Bool) -> Secret? {
        guard let text = text(name) else { return nil }
        // The value itself is never said.
        if !isGood(text) { problems.append("\(name) does not look right: it has the form \(pattern).") }
        return Secret(text)
    }

    mutating func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = text(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            problems.append(
                "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\".")
            return standard
        }
        return value
    }

    mutating func userIDs(_ name: String) -> Set<Int64> {
        let parts = (text(name) ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
        let ids = parts.compactMap { Int64($0) }.filter { $0 > 0 }
        if ids.count != parts.count {
            problems.append("\(name) is Telegram user ids with commas between, such as 123456789,987654321.")
        }
        return Set(ids)
    }

    mutating func url(_ name: String, schemes: [String]) -> String? {
        guard let text = text(name) else { return nil }
        let scheme = text.split(separator: "://", maxSplits: 1)
        guard scheme.count == 2, schemes.contains(String(scheme[0])), !scheme[1].hasPrefix("/") else {
            // A proxy's address may hold a password: it is not said.
            problems.append(
                "\(name) is an address that begins with \(schemes.map { "\($0)://" }.joined(separator: " or ")).")
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    mutating func choice<Value: RawRepresentable<String>>(_ name: String, of values: [Value]) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = Value(rawValue: text) else {
            problems.append("\(name) is \(values.map(\.rawValue).joined(separator: ", ")), not \"\(text)\".")
            return nil
        }
        return value
    }

    /// What the service cannot do without, and where to get it.
    mutating func require(_ settings: AgentSettings) {
        if settings.telegramToken == nil {
            problems.append("TELEGRAM_BOT_TOKEN is not set; @BotFather in Telegram gives one: /newbot.")
        }
        if settings.allowedUserIDs.isEmpty {
            problems.append("ALLOWED_USER_IDS is not set; @userinfobot in Telegram says your id.")
        }
        if settings.anthropicKey == nil, settings.model != AgentSettings.builtInModel {
            problems.append(
                "ANTHROPIC_API_KEY is not set; https://console.anthropic.com/settings/keys gives one, "
                    + "or set MODEL=\(AgentSettings.builtInModel) to do without.")
        }
    }
}
