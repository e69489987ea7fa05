import AgentCore
import ChatFrontEnd
package import Claude
package import Foundation
import HTTPClient
package import Telegram

/// The two accounts the agent lives by, asked directly: who the bot is, whether the key may use the model.
package struct ServiceAccounts: Sendable {
    private let settings: AgentSettings
    private let http = HTTPClient()

    package init(_ settings: AgentSettings) { self.settings = settings }

    private var telegram: TelegramClient {
        TelegramClient(
            token: settings.telegramToken?.value ?? "", url: settings.telegramURL, proxy: settings.telegramProxy,
            http: http)
    }

    /// `@name` of the bot.
    package func bot() async throws(TelegramError) -> String {
        let me = try await telegram.getMe()
        return me.username.map { "@\($0)" } ?? "bot \(me.id)"
    }

    /// - Returns: The server's clock, where it says.
    package func checkModel() async throws(ClaudeError) -> Date? {
        let client = ClaudeClient(
            configuration: ClaudeConfiguration(
                apiKey: settings.anthropicKey?.value ?? "", model: settings.model, baseURL: settings.anthropicURL,
                proxy: settings.anthropicProxy, maxTokens: settings.maxTokens), http: http)
        return try await client.checkModel().flatMap { HTTPDate.seconds($0) }
            .map { Date(timeIntervalSince1970: TimeInterval($0)) }
    }

    /// Tells every allowed user that the agent is there.
    ///
    /// - Returns: A sentence for each user who could not be told.
    package func greet() async -> [String] {
        var problems: [String] = []
        let words = Words(settings.language ?? .russian)
        for user in settings.allowedUserIDs.sorted() {
            do throws(TelegramError) {
                _ = try await telegram.sendMessage(chatID: user, text: words.greeting)
            } catch {
                let remedy = error.code == .forbidden ? " Open the bot's chat and press Start." : ""
                problems.append("User \(user) could not be told: \(error.message)\(remedy)")
            }
        }
        return problems
    }
}
