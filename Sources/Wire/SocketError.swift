import Glibc

/// Why a Unix socket could not be made, reached or read.
package struct SocketError: Error, Sendable, Equatable {
    package enum Code: Sendable, Hashable {
        case cannotConnect
        case cannotListen
        case closed
        case lineTooLong
        case io
    }

    package var code: Code
    /// One sentence: what failed, and where it can be said what would help.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    /// What errno says, as in `strerror_r(3)`.
    static func describe(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let text = strerror_r(number, base, buffer.count) else {
                return "errno \(number)"
            }
            return String(cString: text)
        }
    }
}
