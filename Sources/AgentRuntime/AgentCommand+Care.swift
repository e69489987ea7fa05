import AgentMemory
import Claude
import Foundation
import StrictJSON
import Telegram

// What looks after an installed agent: doctor, greeting, backup.
extension AgentCommand {
    /// - Returns: 0 where nothing is bad, 1, or 2 where the settings cannot be read at all.
    package static func doctor(envFile: String?, json: Bool) async -> Int32 {
        var places = Doctor.Places()
        if let envFile { places.environmentFile = envFile }
        do throws(SettingsError) {
            let doctor = Doctor(places: places, environment: try installedEnvironment(envFile))
            let findings = await doctor.examine()
            print(json ? Doctor.json(findings).text : findings.map(\.text).joined(separator: "\n"))
            return Doctor.exitStatus(findings)
        } catch {
            return report(error.problems, 2)
        }
    }

    /// Tells the users that the agent is there.
    package static func greet(envFile: String?) async -> Int32 {
        do throws(SettingsError) {
            let settings = try AgentSettings(environment: try installedEnvironment(envFile), purpose: .service)
            return report(await ServiceAccounts(settings).greet(), 1)
        } catch {
            return report(error.problems, 2)
        }
    }

    /// Copies the memory to a new file.
    package static func backup(to destination: String, stateDirectory: String?) -> Int32 {
        do {
            let directory = try StateDirectory(stateDirectory, environment: ProcessInfo.processInfo.environment)
            let store = try AgentStore(path: directory.database)
            defer { try? store.close() }
            try store.copy(to: destination)
            return 0
        } catch let error as SettingsError {
            return report(error.problems, 2)
        } catch {
            return report(["\(error)"], 1)
        }
    }

    /// Asks Telegram and Anthropic what they think of the token, the key and the model.
    static func checkOnline(_ settings: AgentSettings) async -> Int32 {
        let accounts = ServiceAccounts(settings)
        var problems: [String] = []
        do throws(TelegramError) {
            print("Telegram: the token is that of \(try await accounts.bot()).")
        } catch {
            problems.append(refusal(error))
        }
        if !settings.usesBuiltInBrain {
            do throws(ClaudeError) {
                _ = try await accounts.checkModel()
                print("Anthropic: the key may use \(settings.model).")
            } catch {
                problems.append(refusal(error))
            }
        }
        return report(problems, 1)
    }

    /// What to mend comes first, as in ``SettingsError``: setup_systemd.sh asks again for what a sentence begins with.
    static func refusal(_ error: TelegramError) -> String {
        guard error.code == .badToken else { return error.message }
        return "TELEGRAM_BOT_TOKEN is not accepted by Telegram; @BotFather shows the right one: /token."
    }

    static func refusal(_ error: ClaudeError) -> String {
        guard error.code == .unauthorized else { return error.message }
        return "ANTHROPIC_API_KEY is not accepted by Anthropic; https://console.anthropic.com/settings/keys gives one."
    }

    /// The environment as the service has it: an administrator's shell has neither the file nor the credentials.
    static func installedEnvironment(_ envFile: String?) throws(SettingsError) -> [String: String] {
        let standard = access(AgentFiles.environment, R_OK) == 0 ? AgentFiles.environment : nil
        return try EnvironmentFile.environment(file: envFile ?? standard, credentials: AgentFiles.credentials)
    }
}
