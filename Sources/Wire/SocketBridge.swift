import Glibc

/// Copies bytes between a pair of descriptors and a Unix socket, both ways.
package enum SocketBridge {
    private static let bufferBytes = 64 << 10

    /// Returns when the socket's peer has closed. The end of `input` closes the socket's writing half, so that
    /// answers still under way arrive.
    ///
    /// - Throws: ``SocketError`` `.cannotConnect` when nobody listens at `path`.
    package static func join(path: String, input: Int32, output: Int32) throws(SocketError) {
        let socket = try UnixSocket.connect(to: path)
        signal(SIGPIPE, SIG_IGN)
        try BackgroundThread.start(named: "bridge-in") {
            copy(from: input, to: socket)
            shutdown(socket, Int32(SHUT_WR))
        }
        copy(from: socket, to: output)
    }

    /// Until the end of one side, or an error of either.
    private static func copy(from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: bufferBytes)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(source, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0, StandardStream.write(buffer[..<count], to: target) else { return }
        }
    }
}
