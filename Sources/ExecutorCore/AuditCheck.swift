import ExecutorAudit

/// The check of the audit log for whoever has its files, without a daemon.
package struct AuditCheck: Sendable {
    private let directories: Directories
    private let publicKey: String?

    /// - Parameter publicKey: In hexadecimal, of a log that was copied here; without it the state directory's key is
    ///   read, and the log has to reach the head that is signed there.
    package init(_ directories: Directories, publicKey: String?) {
        (self.directories, self.publicKey) = (directories, publicKey)
    }

    /// What is good, in a sentence.
    ///
    /// - Throws: ``ExecutorError`` with the first bad record and why.
    package func run(head: String?) throws(ExecutorError) -> String {
        do throws(AuditError) {
            let verifier =
                if let publicKey {
                    AuditVerifier(directory: directories.audit, publicKey: publicKey, stateDirectory: nil)
                } else {
                    try AuditVerifier(directory: directories.audit, keyAndHeadIn: directories.state)
                }
            let verdict = verifier.verify(head: head)
            if verdict.isIntact { return verdict.message }
            throw AuditError(verdict.message)
        } catch {
            throw ExecutorError(.audit, error.message)
        }
    }
}
