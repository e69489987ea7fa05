import ArgumentParser
import ExecutorAPI

@main
struct ExecutorCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "executorctl",
        abstract: "Inspects the executor's socket.",
        discussion: """
            For people at a terminal: its output may change, and --json prints the executor's own answers.
            Exit codes: 0 done or allowed, 1 failed or denied, 2 usage, 3 cannot reach the executor.
            """,
        version: programVersion,
        subcommands: [
            Approvals.self, Audit.self, Call.self, Explain.self, MCPBridge.self, Raw.self, Status.self, Tools.self,
            Totp.self, Undo.self,
        ])

    /// Before the subcommand or after it: both are the same options.
    @OptionGroup var connection: Connection

    /// ArgumentParser exits with 64 for a usage error; the contract says 2.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            guard code == .validationFailure else { exit(withError: error) }
            Terminal.printError(fullMessage(for: error))
            exit(withError: ExitCode(2))
        }
    }
}
