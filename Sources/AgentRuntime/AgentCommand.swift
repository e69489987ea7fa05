import AgentMemory
import ExecutorAPI
import Foundation
import Logging
import Telegram

/// The commands of the program: each reads the settings, does its work, and returns the exit code.
///
/// 0 done, 1 failed, 2 the settings are wrong; every reason is a sentence on standard error.
package enum AgentCommand {
    package static let version = programVersion

    package static func run(envFile: String?, stateDirectory: String?) async -> Int32 {
        await perform(envFile, .service) { settings, environment, logger in
            let directory = try StateDirectory(stateDirectory, environment: environment)
            try await AgentService.run(settings, directory, logger: logger)
            return 0
        }
    }

    package static func chat(once: String?, envFile: String?, stateDirectory: String?) async -> Int32 {
        await perform(envFile, .terminal) { settings, environment, logger in
            let directory = try StateDirectory(stateDirectory, environment: environment)
            return try await TerminalChat.run(settings, directory, once: once, logger: logger)
        }
    }

    /// - Parameter online: Also ask Telegram and Anthropic whether they know the token, the key and the model.
    package static func checkConfig(envFile: String?, online: Bool = false) async -> Int32 {
        do throws(SettingsError) {
            let settings = try AgentSettings(environment: try installedEnvironment(envFile), purpose: .service)
            let brain = settings.usesBuiltInBrain ? "the built-in brain" : settings.model
            print(
                "The settings are good: \(settings.allowedUserIDs.count) user(s), \(brain), \(settings.executorSocket)."
            )
            return online ? await checkOnline(settings) : 0
        } catch {
            return report(error.problems, 2)
        }
    }

    private static func perform(
        _ envFile: String?, _ purpose: SettingsPurpose,
        _ body: (AgentSettings, [String: String], Logger) async throws -> Int32
    ) async -> Int32 {
        do {
            let environment = try EnvironmentFile.environment(file: envFile)
            let settings = try AgentSettings(environment: environment, purpose: purpose)
            let standard: Logger.Level = purpose == .terminal && environment["LOG_LEVEL"] == nil ? .error : .info
            let level = Logger.Level(rawValue: settings.logLevel) ?? standard
            let logger = Logger(label: "devops-agent") { _ in
                StderrLog(level: purpose == .terminal ? max(level, standard) : level, environment: environment)
            }
            return try await body(settings, environment, logger)
        } catch let error as SettingsError {
            return report(error.problems, 2)
        } catch let error as TelegramError where error.code == .badToken {
            return report([refusal(error)], 2)
        } catch let error as AgentStoreError {
            return report([error.message], 1)
        } catch {
            return report(["The agent ended: \(error)"], 1)
        }
    }

    /// - Returns: `status`, or 0 where there is no problem.
    static func report(_ problems: [String], _ status: Int32) -> Int32 {
        for problem in problems { FileHandle.standardError.write(Data("devops-agent: \(problem)\n".utf8)) }
        return problems.isEmpty ? 0 : status
    }
}
