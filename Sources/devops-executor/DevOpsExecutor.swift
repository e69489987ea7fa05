import CommandArguments
import ExecutorAPI
import ExecutorCore
import Glibc
import Wire

@main
enum DevOpsExecutor {
    static func main() {
        do throws(UsageError) {
            switch try Invocation.program.read(Array(CommandLine.arguments.dropFirst()), version: programVersion) {
            case .say(let text): StandardStream.output.print(text)
            case .perform(let action, let given): exit(perform(Invocation(action, given)))
            }
        } catch {
            StandardStream.error.print(error.text)
            exit(UsageError.exitCode)
        }
    }

    /// - Returns: The exit code.
    private static func perform(_ invocation: Invocation) -> Int32 {
        switch invocation.action {
        case .run: run(invocation.directories)
        case .checkConfig: checkConfig(invocation.directories)
        case .checkAudit:
            checkAudit(AuditCheck(invocation.directories, publicKey: invocation.publicKey), head: invocation.head)
        }
    }

    private static func run(_ directories: Directories) -> Int32 {
        do throws(ExecutorError) {
            try ExecutorDaemon(directories).run()
            return 0
        } catch {
            return failure(error.message)
        }
    }

    private static func checkAudit(_ check: AuditCheck, head: String?) -> Int32 {
        do throws(ExecutorError) {
            StandardStream.output.print(try check.run(head: head))
            return 0
        } catch {
            return failure(error.message)
        }
    }

    private static func checkConfig(_ directories: Directories) -> Int32 {
        let rules = RulesStore(directories)
        if let fault = rules.fault { return failure(fault) }
        StandardStream.output.print(rules.summary)
        return 0
    }

    /// One sentence on standard error, and the exit code of a failure.
    private static func failure(_ message: String) -> Int32 {
        StandardStream.error.print("devops-executor: \(message)")
        return 1
    }
}
