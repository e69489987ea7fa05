import Glibc

/// The lines of an open file, the newest first, through one buffer whatever its size.
struct BackwardReader: ~Copyable {
    static let blockBytes = 64 << 10

    private let descriptor: Int32
    private let block: UnsafeMutableRawBufferPointer
    /// What lies before in the file has not been read.
    private var position: Int
    /// What of the block has not been passed on.
    private var filled = 0
    /// The rest of the line that begins before the block, and how long that rest is.
    private var line: [UInt8] = []
    private var lineBytes = 0
    private var isAtEnd = true
    private let limit: Int
    /// What was read of the file.
    private(set) var readBytes = 0
    /// Whether the limit ended it: what lies before was not looked at.
    private(set) var isCutShort = false

    /// - Parameters:
    ///   - descriptor: Stays the caller's, and stays open as long as this is used.
    ///   - limit: Read is no more than so many bytes and a block; a file with holes has no end that could be waited for.
    init(_ descriptor: Int32, limit: Int) {
        (self.descriptor, self.limit) = (descriptor, limit)
        var status = stat()
        position = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        block = .allocate(byteCount: Self.blockBytes, alignment: 16)
    }

    deinit { block.deallocate() }

    /// Calls `body` with the next line and how long it is: of a line longer than ``LogLimits/lineBytes``, only its
    /// beginning is there.
    ///
    /// - Returns: What `body` returns; `nil` at the file's beginning, or at the limit.
    mutating func next<Result>(_ body: (UnsafeRawBufferPointer, Int) -> Result) -> Result? {
        while true {
            if filled == 0, !readBlock() {
                guard lineBytes > 0, !isCutShort else { return nil }
                return finishLine(body)
            }
            guard let base = block.baseAddress else { return nil }
            let newline = memrchr(base, 10, filled).map { UnsafeRawPointer($0) - UnsafeRawPointer(base) }
            prepend((newline ?? -1) + 1)
            filled = newline ?? 0
            guard newline != nil else { continue }
            // What follows the last newline of a file is no line.
            defer { isAtEnd = false }
            if isAtEnd, lineBytes == 0 { continue }
            return finishLine(body)
        }
    }

    private mutating func finishLine<Result>(_ body: (UnsafeRawBufferPointer, Int) -> Result) -> Result {
        defer {
            line.removeAll(keepingCapacity: true)
            lineBytes = 0
        }
        return line.withUnsafeBytes { body($0, lineBytes) }
    }

    /// What the block has from `start` on comes before what the line has; of both the beginning is kept.
    private mutating func prepend(_ start: Int) {
        let piece = block[start..<filled]
        lineBytes += piece.count
        let kept = line
        line = Array(piece.prefix(LogLimits.lineBytes))
        line += kept.prefix(LogLimits.lineBytes - line.count)
    }

    private mutating func readBlock() -> Bool {
        let wanted = min(position, block.count)
        guard wanted > 0 else { return false }
        guard readBytes < limit else {
            isCutShort = true
            return false
        }
        var done = 0
        while done < wanted {
            let rest = UnsafeMutableRawBufferPointer(rebasing: block[done..<wanted])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(position - wanted + done))
            if count < 0, errno == EINTR { continue }
            // Cut short meanwhile: what is left of it cannot be told from what was there before.
            guard count > 0 else {
                position = 0
                return false
            }
            done += count
        }
        position -= wanted
        readBytes += wanted
        filled = wanted
        return true
    }
}
