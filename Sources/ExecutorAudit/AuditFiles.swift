import Glibc

/// The directory of `NNNNNN.jsonl` files, and reading them without holding them.
struct AuditFiles: Sendable {
    let directory: String

    private static let chunkBytes = 1 << 20

    /// In the order they were written.
    var numbers: [Int] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var numbers: [Int] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".jsonl"), name.utf8.count == 12, let number = Int(name.dropLast(6)) {
                numbers.append(number)
            }
        }
        return numbers.sorted()
    }

    static func name(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".jsonl"
    }

    func path(_ number: Int) -> String { directory + "/" + Self.name(number) }

    /// Calls `body` with each line, without its newline, and its number from 1; a last line without a newline is
    /// `isWhole: false`. Stops when `body` returns false.
    func forEachLine(
        of number: Int, _ body: (_ line: ArraySlice<UInt8>, _ index: Int, _ isWhole: Bool) -> Bool
    ) throws(AuditError) {
        let descriptor = open(path(number), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw AuditError.system("read", path(number)) }
        defer { close(descriptor) }
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        var index = 0
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw AuditError.system("read", path(number)) }
            if count == 0 { break }
            pending.append(contentsOf: chunk[..<count])
            var start = 0
            while let newline = pending[start...].firstIndex(of: 0x0A) {
                index += 1
                if !body(pending[start..<newline], index, true) { return }
                start = newline + 1
            }
            pending.removeFirst(start)
        }
        if !pending.isEmpty { _ = body(pending[...], index + 1, false) }
    }

    /// The sequence of the first record of a file.
    func firstSequence(of number: Int) -> Int? {
        var first: Int?
        try? forEachLine(of: number) { line, _, _ in
            first = AuditLine.parts(line)?.sequence
            return false
        }
        return first
    }
}

extension AuditError {
    /// What errno says about an act on a file.
    static func system(_ act: String, _ path: String) -> AuditError {
        AuditError("Cannot \(act) \(path): \(String(cString: strerror(errno))).")
    }
}
