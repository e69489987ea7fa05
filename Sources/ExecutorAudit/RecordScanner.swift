/// The members of a record's own object, found without building values.
///
/// Reads only the form this program writes, which has no white space between tokens. In anything else it stops
/// early: a member is then not found, and no record becomes another by what stands deeper in it.
struct RecordScanner {
    private let line: ArraySlice<UInt8>

    init(_ line: ArraySlice<UInt8>) { self.line = line }

    var kind: AuditEvent.Kind? { string("kind").flatMap { AuditEvent.Kind(rawValue: $0) } }

    /// RFC 3339 as ``Timestamp`` writes it, which sorts as text.
    var time: String? { string("time") }

    /// A member that is a string without escapes; `nil` for any other.
    func string(_ name: StaticString) -> String? {
        guard let value = value(name), value.count >= 2, value.first == UInt8(ascii: "\""),
            !value.contains(UInt8(ascii: "\\"))
        else { return nil }
        return String(decoding: value.dropFirst().dropLast(), as: UTF8.self)
    }

    /// A member's bytes, quotes included.
    private func value(_ name: StaticString) -> ArraySlice<UInt8>? {
        let found = line.withUnsafeBytes { bytes in
            name.withUTF8Buffer { name in Self.find(UnsafeRawBufferPointer(name), in: bytes) }
        }
        return found.map { line[line.startIndex + $0.lowerBound..<line.startIndex + $0.upperBound] }
    }

    private static func find(_ name: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        // Behind the opening brace, and then behind each comma.
        var index = 1
        while let key = skip(bytes, index), key < bytes.count, bytes[key] == UInt8(ascii: ":") {
            guard let end = skip(bytes, key + 1), end < bytes.count else { return nil }
            if key - index - 2 == name.count, name.elementsEqual(bytes[index + 1..<key - 1]) { return key + 1..<end }
            guard bytes[end] == UInt8(ascii: ",") else { return nil }
            index = end + 1
        }
        return nil
    }

    /// The index behind the value that begins at `start`.
    private static func skip(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var (index, depth) = (start, 0)
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                guard let end = skipString(bytes, index) else { return nil }
                index = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth -= 1
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { return index }
                index += 1
                continue
            default:
                index += 1
                continue
            }
            if depth == 0 { return index }
        }
        return nil
    }

    private static func skipString(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }
}
