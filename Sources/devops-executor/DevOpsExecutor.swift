import ExecutorAPI
import ExecutorCore
import Glibc
import Wire

@main
enum DevOpsExecutor {
    static func main() {
        do throws(UsageError) {
            exit(perform(try Invocation(Array(CommandLine.arguments.dropFirst()))))
        } catch {
            StandardStream.error.print("devops-executor: \(error.message)\n\n\(Invocation.usage)")
            exit(2)
        }
    }

    /// - Returns: The exit code.
    private static func perform(_ invocation: Invocation) -> Int32 {
        switch invocation {
        case .help: StandardStream.output.print(Invocation.usage)
        case .version: StandardStream.output.print(programVersion)
        case .run(let directories): return run(directories)
        case .checkAudit(let directories, let publicKey, let head):
            return checkAudit(AuditCheck(directories, publicKey: publicKey), head: head)
        case .checkConfig(let directories): return checkConfig(directories)
        }
        return 0
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
