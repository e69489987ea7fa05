import Glibc

/// Cuts what comes from a descriptor into lines. Used by one thread.
struct LineReader: ~Copyable {
    enum Line {
        case line([UInt8])
        case end
        /// The stream ended inside a line: it was cut, so it says nothing.
        case cut
        /// More than ``WireLimits/lineBytes`` without a newline: framing is lost.
        case tooLong
        case failed(Int32)
    }

    private let descriptor: Int32
    private let maximumBytes: Int
    private var buffer: [UInt8] = []
    /// Where the unread part begins, and how far it has been searched for a newline.
    private var start = 0
    private var searched = 0
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    init(descriptor: Int32, maximumBytes: Int = WireLimits.lineBytes) {
        self.descriptor = descriptor
        self.maximumBytes = maximumBytes
    }

    /// Blocks until there is a line, or there will be none.
    mutating func next() -> Line {
        while true {
            if let newline = buffer[searched...].firstIndex(of: 0x0A) {
                let line = Array(buffer[start..<newline])
                (start, searched) = (newline + 1, newline + 1)
                discardRead()
                return line.count > maximumBytes ? .tooLong : .line(line)
            }
            searched = buffer.count
            if buffer.count - start > maximumBytes { return .tooLong }
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                buffer.append(contentsOf: chunk[..<count])
            } else if count == 0 {
                return buffer.count > start ? .cut : .end
            } else if errno != EINTR {
                return .failed(errno)
            }
        }
    }

    private mutating func discardRead() {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= chunk.count)
            (start, searched) = (0, 0)
        } else if start > chunk.count {
            buffer.removeFirst(start)
            (start, searched) = (0, 0)
        }
    }
}
