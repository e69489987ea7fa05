import Glibc

/// One file of the log, read line by line in either direction; holds a chunk and a line, whatever is in the file.
struct AuditReader: ~Copyable {
    struct Line {
        enum Form {
            case whole
            /// The last bytes of the file, without a newline.
            case torn
            /// Longer than any record; its bytes are not here.
            case tooLong
        }

        /// Without the newline.
        var bytes: ArraySlice<UInt8>
        /// Where the line begins in the file.
        var offset: Int
        /// Where the next one does.
        var end: Int
        var form: Form
    }

    static let chunkBytes = 1 << 20
    /// For a look at one place.
    static let smallChunkBytes = 64 << 10

    private let descriptor: Int32
    private let path: String
    private let size: Int
    private let chunkBytes: Int

    /// Reads what the file has now; what is appended later is not seen.
    init(_ path: String, chunkBytes: Int = Self.chunkBytes) throws(AuditError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            let error = AuditError.system("read", path)
            close(descriptor)
            throw error
        }
        (self.descriptor, self.path, size, self.chunkBytes) = (descriptor, path, Int(status.st_size), chunkBytes)
    }

    deinit { close(descriptor) }

    /// Calls `body` with each line from the one at `offset` on, until it returns false.
    ///
    /// - Returns: How many bytes were read.
    @discardableResult
    func forEachLine(from offset: Int = 0, _ body: (Line) -> Bool) throws(AuditError) -> Int {
        var pending: [UInt8] = []
        // `begin` is where the line that `pending` begins with begins, and `dropped` what of it is not held.
        var (position, begin, dropped) = (offset, offset, 0)
        while position < size {
            let count = try read(into: &pending, at: position, atMost: min(chunkBytes, size - position))
            guard count > 0 else { break }
            position += count
            var start = 0
            while let newline = pending[start...].firstIndex(of: 0x0A) {
                let (end, length) = (begin + dropped + newline - start + 1, dropped + newline - start)
                let isWhole = length < AuditLimits.recordBytes
                let line = Line(
                    bytes: isWhole ? pending[start..<newline] : [], offset: begin, end: end,
                    form: isWhole ? .whole : .tooLong)
                if !body(line) { return position - offset }
                (start, begin, dropped) = (newline + 1, end, 0)
            }
            pending.removeFirst(start)
            if dropped + pending.count > AuditLimits.recordBytes {
                dropped += pending.count
                pending.removeAll(keepingCapacity: true)
            }
        }
        if begin < position { _ = body(Line(bytes: pending[...], offset: begin, end: position, form: .torn)) }
        return position - offset
    }

    /// Calls `body` with each whole line that ends before `end`, the last one first, until it returns false.
    ///
    /// - Parameter end: Where a line begins; the file's end without.
    /// - Returns: How many bytes were read.
    @discardableResult
    func forEachLineBackwards(from end: Int? = nil, _ body: (Line) -> Bool) throws(AuditError) -> Int {
        let end = min(end ?? size, size)
        // The beginning of the chunk behind, which belongs to a line of this one.
        var carry: [UInt8] = []
        var position = end
        while position > 0 {
            let count = min(chunkBytes, position)
            var block: [UInt8] = []
            guard try read(into: &block, at: position - count, atMost: count) == count else { break }
            position -= count
            block += carry
            var stop = block.count
            while stop > 0, let newline = block[..<(stop - 1)].lastIndex(of: 0x0A) ?? (position == 0 ? -1 : nil) {
                // Only what ends in a newline is a line: else it is torn, being written, or what is left of a long one.
                if block[stop - 1] == 0x0A {
                    let bytes = block[newline + 1..<(stop - 1)]
                    let isWhole = bytes.count < AuditLimits.recordBytes
                    let line = Line(
                        bytes: isWhole ? bytes : [], offset: position + newline + 1, end: position + stop,
                        form: isWhole ? .whole : .tooLong)
                    if !body(line) { return end - position }
                }
                stop = newline + 1
            }
            carry = stop > AuditLimits.recordBytes ? [] : Array(block[..<stop])
        }
        return end - position
    }

    /// Where the first record is whose sequence is at least `sequence`; the file's end where there is none.
    func offset(ofSequence sequence: Int) throws(AuditError) -> Int {
        var (low, high) = (0, size)
        while high - low > Self.smallChunkBytes {
            let middle = low + (high - low) / 2
            var found: (offset: Int, sequence: Int)?
            // The line that `middle` falls into is the first, and only its end is seen.
            try forEachLine(from: middle) { line in
                found = AuditLine.parts(line.bytes).map { (line.offset, $0.sequence) }
                return found == nil && line.offset < high
            }
            if let found, found.offset < high, found.sequence < sequence { low = found.offset } else { high = middle }
        }
        var result: Int?
        try forEachLine(from: low) { line in
            if let parts = AuditLine.parts(line.bytes), parts.sequence >= sequence { result = line.offset }
            return result == nil
        }
        return result ?? size
    }

    /// Appends what one `pread` gives; 0 at the end of the file.
    private func read(into buffer: inout [UInt8], at offset: Int, atMost count: Int) throws(AuditError) -> Int {
        let length = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: count))
        // A regular file: no signal interrupts its reading.
        let got = buffer.withUnsafeMutableBytes {
            pread(descriptor, $0.baseAddress.map { $0 + length }, count, off_t(offset))
        }
        guard got >= 0 else { throw .system("read", path) }
        buffer.removeLast(count - got)
        return got
    }
}
