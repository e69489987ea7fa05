import Glibc

/// The directory of `NNNNNN.jsonl` files.
struct AuditFiles: Sendable {
    let directory: String

    /// In the order they were written; names that this program does not give are none of its files.
    ///
    /// - Throws: ``AuditError`` where the directory cannot be read: that is not an empty log.
    func numbers() throws(AuditError) -> [Int] {
        guard let stream = opendir(directory) else { throw .system("read", directory) }
        defer { closedir(stream) }
        var numbers: [Int] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Self.number(name) { numbers.append(number) }
        }
        return numbers.sorted()
    }

    /// Six digits, more from a million on, from 1.
    static func name(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".jsonl"
    }

    /// `nil` unless it is exactly what ``name(_:)`` gives.
    static func number(_ name: String) -> Int? {
        guard let number = Int(name.prefix { $0 != "." }), number > 0, self.name(number) == name else { return nil }
        return number
    }

    func path(_ number: Int) -> String { directory + "/" + Self.name(number) }

    /// The first record of a file: where the chain enters it.
    func first(of number: Int) throws(AuditError) -> AuditLine.Parts? {
        var first: AuditLine.Parts?
        try AuditReader(path(number), chunkBytes: AuditReader.smallChunkBytes).forEachLine { line in
            first = AuditLine.parts(line.bytes)
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
