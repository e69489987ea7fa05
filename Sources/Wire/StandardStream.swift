import Glibc

/// Standard output and error, unbuffered: a line is there at once, also in a pipe.
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    package func print(_ line: String) { _ = Self.write(Array((line + "\n").utf8)[...], to: rawValue) }

    /// Writes all of it; the corresponding C function is `write`. False where the reader has gone.
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
