import ArgumentParser
import ExecutorAPI
import ExecutorCore
import Wire

@main
struct DevOpsExecutor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devops-executor",
        abstract: "Runs what its allowlist grants, for peers on a Unix socket, and writes it down first.",
        version: programVersion, subcommands: [Run.self, CheckAudit.self, CheckConfig.self])
}

struct ConfigurationOption: ParsableArguments {
    @Option(help: "Where allowlist.json, executor.json and tools.json are; else CONFIGURATION_DIRECTORY.")
    var configDir: String?
}

extension DevOpsExecutor {
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Serve until SIGTERM; SIGHUP reads the rules again.")

        @OptionGroup var configuration: ConfigurationOption
        @Option(help: "Where the two sockets are made; else RUNTIME_DIRECTORY.") var runtimeDir: String?
        @Option(help: "Where the audit log is kept; else LOGS_DIRECTORY.") var logsDir: String?
        @Option(help: "Where keys are kept; else STATE_DIRECTORY.") var stateDir: String?

        func run() throws {
            let directories = Directories(
                configuration: configuration.configDir, runtime: runtimeDir, logs: logsDir, state: stateDir)
            do throws(ExecutorError) {
                try ExecutorDaemon(directories).run()
            } catch {
                try fail(error.message)
            }
        }
    }

    struct CheckConfig: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the rules as the daemon would, and say what is wrong.")

        @OptionGroup var configuration: ConfigurationOption

        func run() throws {
            let rules = RulesStore(Directories(configuration: configuration.configDir))
            if let fault = rules.fault { try fail(fault) }
            StandardStream.output.print(rules.summary)
        }
    }
}

/// One sentence on standard error, and the exit code of a failure.
func fail(_ message: String) throws -> Never {
    StandardStream.error.print("devops-executor: \(message)")
    throw ExitCode.failure
}
