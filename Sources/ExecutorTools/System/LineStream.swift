import Glibc

/// A file read line by line through one buffer, whatever its size.
enum LineStream {
    enum Step { case `continue`, stop }

    /// A longer line is passed on in pieces.
    private static let bufferBytes = 256 << 10

    /// Calls `body` with each line, without its newline; a file that cannot be opened has none.
    static func read(_ path: String, _ body: (UnsafeRawBufferPointer) -> Step) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        guard let base = buffer.baseAddress else { return }
        var filled = 0
        while true {
            let count = Glibc.read(descriptor, base + filled, buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            filled += count
            var start = 0
            while let newline = memchr(base + start, 10, filled - start) {
                let end = UnsafeRawPointer(newline) - UnsafeRawPointer(base)
                if body(UnsafeRawBufferPointer(start: base + start, count: end - start)) == .stop { return }
                start = end + 1
            }
            if start == 0, filled == buffer.count {
                if body(UnsafeRawBufferPointer(buffer)) == .stop { return }
                start = filled
            }
            memmove(base, base + start, filled - start)
            filled -= start
        }
        if filled > 0 { _ = body(UnsafeRawBufferPointer(start: base, count: filled)) }
    }
}
