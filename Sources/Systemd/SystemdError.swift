import Glibc

/// What libsystemd or the service manager did not do.
package struct SystemdError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no bus to talk to, or it does not answer.
        case unreachable
        /// The unit is not known.
        case noSuchUnit
        /// The unit is masked.
        case masked
        case permissionDenied
        case timeout
        case cancelled
        case other
    }

    package var code: Code
    /// One sentence.
    package var message: String

    package var description: String { message }

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    /// From the negative `errno` libsystemd answers with.
    init(_ what: String, errno number: Int32) {
        let code: Code =
            switch -number {
            case EACCES, EPERM: .permissionDenied
            case ETIMEDOUT, ETIME: .timeout
            case ENOENT, ECONNREFUSED, ECONNRESET, ENOTCONN, EPIPE: .unreachable
            default: .other
            }
        self.init(code, "\(what): \(String(cString: strerror(-number))).")
    }
}

/// Turns libsystemd's negative `errno` into an error.
@discardableResult
func check(_ what: @autoclosure () -> String, _ result: Int32) throws(SystemdError) -> Int32 {
    if result < 0 { throw SystemdError(what(), errno: result) }
    return result
}
