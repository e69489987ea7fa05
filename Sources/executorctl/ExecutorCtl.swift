import CommandArguments
import ExecutorAPI
import Glibc

@main
enum ExecutorCtl {
    private static let program = Command<any Subcommand.Type>(
        "executorctl", "Inspects the executor's socket.",
        discussion: """
            For people at a terminal: its output may change, and --json prints the executor's own answers.
            Exit codes: 0 done or allowed, 1 failed or denied, 2 usage, 3 cannot reach the executor.
            """,
        options: Connection.options,
        subcommands: [
            Approvals.command, Audit.command, Call.command, Explain.command, MCPBridge.command, Raw.command,
            Status.command, Tools.command, Totp.command, Undo.command,
        ])

    static func main() async {
        do {
            switch try program.read(Array(CommandLine.arguments.dropFirst()), version: programVersion) {
            case .say(let text): Terminal.printLine(text)
            case .perform(let subcommand, let given): try await subcommand.init(given).run()
            }
        } catch let error as UsageError {
            Terminal.printError(error.text)
            exit(UsageError.exitCode)
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch {
            Terminal.printError("executorctl: \(error)")
            exit(1)
        }
    }
}

/// What stands behind one of the program's words.
protocol Subcommand: Sendable {
    /// - Throws: ``UsageError``.
    init(_ given: GivenArguments) throws(UsageError)
    /// - Throws: ``ExitCode``, once the person has been told why.
    func run() async throws
}

extension Subcommand {
    static var type: any Subcommand.Type { Self.self }
}

/// How the program ends when it is not done; see the help.
struct ExitCode: Error {
    let rawValue: Int32
    init(_ rawValue: Int32) { self.rawValue = rawValue }
}
