import Claude
import Foundation
import Telegram

// What the two services say: the token, the key, the model, the clock.
extension Doctor {
    /// TLS and Telegram's updates bear a minute; the audit log should not be wrong by more.
    private static let clockTolerance: TimeInterval = 60

    func accounts(_ settings: AgentSettings) async -> [DoctorFinding] {
        let accounts = ServiceAccounts(settings)
        return [await token(accounts)] + (await model(settings, accounts))
    }

    private func token(_ accounts: ServiceAccounts) async -> DoctorFinding {
        do throws(TelegramError) {
            return DoctorFinding("telegram", .good, "The token is that of \(try await accounts.bot()).")
        } catch {
            let remedy =
                error.code == .badToken
                ? "@BotFather shows the right token: /token. Write it to \(places.credentials)/TELEGRAM_BOT_TOKEN"
                : "Check the way to Telegram: curl -sI https://api.telegram.org; a proxy is set with TELEGRAM_PROXY."
            return DoctorFinding("telegram", .bad, error.message, remedy: remedy)
        }
    }

    private func model(_ settings: AgentSettings, _ accounts: ServiceAccounts) async -> [DoctorFinding] {
        if settings.usesBuiltInBrain {
            return [DoctorFinding("model", .good, "The built-in brain answers, as MODEL says.")]
        }
        do throws(ClaudeError) {
            let date = try await accounts.checkModel()
            let finding = DoctorFinding("model", .good, "The key may use \(settings.model).")
            return [finding] + (date.map { [clock(against: $0)] } ?? [])
        } catch {
            // Without a model the built-in brain answers.
            return [DoctorFinding("model", .warning, error.message, remedy: Self.remedy(error.code))]
        }
    }

    private static func remedy(_ code: ClaudeError.Code) -> String {
        switch code {
        case .unauthorized: "https://console.anthropic.com/settings/keys gives a key for credentials/ANTHROPIC_API_KEY."
        case .unknownModel: "Set MODEL to one of those the key may use."
        case .spent: "Raise the limit at https://console.anthropic.com/settings/limits."
        default: "Check the way to Anthropic: curl -sI https://api.anthropic.com; a proxy is set with ANTHROPIC_PROXY."
        }
    }

    func clock(against server: Date, now: Date = Date()) -> DoctorFinding {
        let seconds = now.timeIntervalSince(server)
        guard abs(seconds) > Self.clockTolerance else {
            return DoctorFinding("clock", .good, "The clock agrees with the network's.")
        }
        return DoctorFinding(
            "clock", .warning,
            "The clock is \(Int(abs(seconds))) s \(seconds > 0 ? "ahead of" : "behind") the network's.",
            remedy: "timedatectl set-ntp true")
    }
}
