import AgentRuntime
import ArgumentParser

@main
struct DevOpsAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devops-agent",
        abstract: "Finds out what is wrong with this server, mends it, and says so, in a chat.",
        version: AgentCommand.version,
        subcommands: [Run.self, Chat.self, CheckConfig.self, Doctor.self, Greet.self, Backup.self])
}

struct SettingsOptions: ParsableArguments {
    @Option(help: "A file of NAME=value lines; what the environment has stands.") var envFile: String?
    @Option(help: "Where the agent keeps its memory; else STATE_DIRECTORY.") var stateDir: String?
}

extension DevOpsAgent {
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The service: answer in Telegram until SIGTERM.")
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            throw ExitCode(await AgentCommand.run(envFile: options.envFile, stateDirectory: options.stateDir))
        }
    }

    struct Chat: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The same agent on this terminal.")
        @OptionGroup var options: SettingsOptions
        @Option(help: "Ask one question, print the answer, and end.") var once: String?

        func run() async throws {
            throw ExitCode(
                await AgentCommand.chat(once: once, envFile: options.envFile, stateDirectory: options.stateDir))
        }
    }

    struct CheckConfig: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Read the settings as the service would.")
        @Option(help: "Else /etc/devops-agent/agent.env.") var envFile: String?
        @Flag(help: "Also ask Telegram and Anthropic whether they know the token, the key and the model.")
        var online = false

        func run() async throws {
            throw ExitCode(await AgentCommand.checkConfig(envFile: envFile, online: online))
        }
    }

    struct Doctor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look at all the agent depends on; say what is wrong and what to do.")
        @Option(help: "Else /etc/devops-agent/agent.env.") var envFile: String?
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws { throw ExitCode(await AgentCommand.doctor(envFile: envFile, json: json)) }
    }

    struct Greet: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell the allowed users that the agent is there.")
        @Option(help: "Else /etc/devops-agent/agent.env.") var envFile: String?

        func run() async throws { throw ExitCode(await AgentCommand.greet(envFile: envFile)) }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the agent's memory to a new file, while it goes on.")
        @Argument(help: "A file that is not there yet.") var file: String
        @Option(help: "Where the agent keeps its memory; else STATE_DIRECTORY.") var stateDir: String?

        func run() async throws { throw ExitCode(AgentCommand.backup(to: file, stateDirectory: stateDir)) }
    }
}
