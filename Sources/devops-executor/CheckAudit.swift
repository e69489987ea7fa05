import ArgumentParser
import ExecutorCore
import Wire

extension DevOpsExecutor {
    struct CheckAudit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the whole audit log without a running executor, here or where it was copied to.")

        @Option(help: "Where the audit log is kept; else LOGS_DIRECTORY.") var logsDir: String?
        @Option(help: "Where the key and the signed head are; else STATE_DIRECTORY.") var stateDir: String?
        @Option(help: "The public key in hexadecimal, for a copy: neither key nor signed head is then read.")
        var publicKey: String?
        @Option(help: "A head noted earlier; the log must contain it.") var head: String?

        func run() throws {
            do throws(ExecutorError) {
                let check = AuditCheck(Directories(logs: logsDir, state: stateDir), publicKey: publicKey)
                StandardStream.output.print(try check.run(head: head))
            } catch {
                try fail(error.message)
            }
        }
    }
}
