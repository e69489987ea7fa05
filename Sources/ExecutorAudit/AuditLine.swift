import Glibc
import StrictJSON

/// The bytes of one record: `{"prev":"HEX","seq":N,…,"hash":"HEX"}` and a newline.
///
/// The hash is over the bytes of the line without its last member, so that checking a chain takes no JSON:
/// neither a reader's nor a writer's habits change what was signed.
enum AuditLine {
    static let genesis = String(repeating: "0", count: 64)
    private static let head = Array("{\"prev\":\"".utf8)
    private static let middle = Array("\",\"seq\":".utf8)
    private static let tail = Array(",\"hash\":\"".utf8)
    /// `,"hash":"` + 64 + `"}`
    private static let tailBytes = 9 + 64 + 2
    /// The most that a line has beside its members: a sequence has at most 19 digits, and there is the newline.
    static let chainBytes = 8 + 64 + 8 + 19 + 1 + tailBytes + 1

    /// - Parameter members: An encoded object with at least one member.
    static func make(previous: String, sequence: Int, members: [UInt8]) -> (line: [UInt8], hash: String) {
        var line = head + Array(previous.utf8) + middle + Array(String(sequence).utf8) + [UInt8(ascii: ",")]
        line.append(contentsOf: members.dropFirst())
        let hash = Hex.encode(Crypto.sha256(line))
        line.removeLast()
        line += tail + Array(hash.utf8) + Array("\"}\n".utf8)
        return (line, hash)
    }

    /// What the chain needs of a line, without its newline; `nil` where it has not this form.
    struct Parts {
        let previous: ArraySlice<UInt8>
        let sequence: Int
        let hash: ArraySlice<UInt8>
    }

    static func parts(_ line: ArraySlice<UInt8>) -> Parts? {
        let start = line.startIndex
        guard line.count > head.count + 64 + middle.count + tailBytes, line.starts(with: head) else { return nil }
        let previous = line[start + head.count..<start + head.count + 64]
        var index = previous.endIndex
        guard line[index..<index + middle.count].elementsEqual(middle) else { return nil }
        index += middle.count
        var sequence = 0
        while index < line.endIndex, (0x30...0x39).contains(line[index]), sequence < 1 << 52 {
            sequence = sequence * 10 + Int(line[index] - 0x30)
            index += 1
        }
        let end = line.endIndex - tailBytes
        guard index < end, line[index] == UInt8(ascii: ","), line[end..<end + tail.count].elementsEqual(tail),
            line.suffix(2).elementsEqual("\"}".utf8)
        else { return nil }
        return Parts(previous: previous, sequence: sequence, hash: line[end + tail.count..<end + tail.count + 64])
    }

    private static let brace: [UInt8] = [UInt8(ascii: "}")]

    /// The hash that the line's bytes have, in hexadecimal.
    static func computeHash(_ line: ArraySlice<UInt8>, _ hasher: SHA256Context) -> [UInt8] {
        let digest = line.dropLast(tailBytes).withUnsafeBytes { body in
            brace.withUnsafeBytes { hasher.hash(body, $0) }
        }
        return Hex.utf8(digest)
    }

    static func contains(_ line: ArraySlice<UInt8>, _ needle: [UInt8]) -> Bool {
        line.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return memmem(base, bytes.count, needle, needle.count) != nil
        }
    }

    /// `"name":"value"` as this program writes it: a line that does not contain it has no such member, at any depth.
    static func needle(_ name: String, _ value: String) -> [UInt8] {
        var bytes = Array("\"\(name)\":".utf8)
        JSONValue.write(value, to: &bytes)
        return bytes
    }
}
