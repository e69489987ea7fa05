/// Why the daemon cannot start or go on.
package struct ExecutorError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// A file or directory is not as it must be; the message names it and the remedy.
        case configuration
        case socket
        case audit
    }

    package var code: Code
    /// One sentence for the operator.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
}
