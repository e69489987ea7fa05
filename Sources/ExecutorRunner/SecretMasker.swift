/// Takes secrets out of text before it leaves the executor: over chunk borders too, in one pass.
package struct SecretMasker: Sendable {
    /// Lines longer than this are masked in pieces, cut between words.
    static let maximumLine = 64 << 10
    /// How far back from there a place to cut is looked for; no secret is a longer word.
    private static let cutReach = 8 << 10
    /// How far its separator may stand before a value: `Authorization: Bearer `, with blanks to spare.
    private static let nameReach = 32
    /// What of a private key is hidden after its first line, if its last line never comes: more than a key of
    /// 16,384 bits has in PEM, with room for what a log writes before each line.
    private static let maximumKey = 64 << 10
    static let replacement = Array("[masked]".utf8)

    /// How many were masked.
    package private(set) var count = 0
    private let names: SecretNames
    private var line: [UInt8] = []
    /// Whether the line before ended with a secret's name, as in `"name": "DB_PASSWORD",` before `"value": …`.
    private var isNamed = false
    /// Within a private key: what may still be hidden of it; 0 outside.
    private var keyRemainder = 0

    package init(extraNames: [String] = []) { names = SecretNames(extra: extraNames) }

    /// A whole text at once, and how many secrets it had.
    package static func mask(_ text: String) -> (String, Int) {
        var masker = SecretMasker()
        let bytes = masker.feed(Array(text.utf8)) + masker.finish()
        return (String(decoding: bytes, as: UTF8.self), masker.count)
    }

    /// Returns what is safe to pass on: whole lines.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        for byte in bytes {
            line.append(byte)
            if byte == 0x0A {
                flush(into: &output)
            } else if line.count >= Self.maximumLine {
                let rest = Array(line[cut...])
                line.removeLast(rest.count)
                flush(into: &output)
                line = rest
            }
        }
        return output
    }

    /// Where an endless line is cut: after a blank or a comma shortly before which no name waits for its value.
    private var cut: Int {
        for index in line.indices.dropFirst(Self.nameReach).suffix(Self.cutReach).reversed() {
            guard " ,;&\t".utf8.contains(line[index]) else { continue }
            let before = line[(index - Self.nameReach)..<index]
            if !before.contains(where: { ":=\"'".utf8.contains($0) }) { return index + 1 }
        }
        return line.count
    }

    package mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        flush(into: &output)
        return output
    }

    private mutating func flush(into output: inout [UInt8]) {
        guard !line.isEmpty else { return }
        defer { line.removeAll(keepingCapacity: true) }
        let marker = Self.keyMarker(line)
        if keyRemainder > 0 {
            isNamed = false
            keyRemainder = marker == .end ? 0 : max(0, keyRemainder - line.count)
            return
        }
        if marker == .begin || marker == .whole {
            keyRemainder = marker == .begin ? Self.maximumKey : 0
            count += 1
            output += Self.replacement
            if line.last == 0x0A { output.append(0x0A) }
            return
        }
        let scanner = SecretScanner(line: line, names: names, isNamed: isNamed)
        defer { isNamed = scanner.namesNext }
        var masked = replaced(scanner.secrets(), of: line)
        // As it stands first: what is read otherwise may hide where a value ends.
        for notation in EscapedText.Notation.allCases {
            guard let text = EscapedText(masked, notation) else { continue }
            let secrets = SecretScanner(line: text.bytes, names: names, isNamed: isNamed).secrets()
            masked = replaced(secrets.map(text.original), of: masked)
        }
        output += masked
    }

    private mutating func replaced(_ secrets: [Range<Int>], of line: [UInt8]) -> [UInt8] {
        if secrets.isEmpty { return line }
        count += secrets.count
        var output: [UInt8] = []
        output.reserveCapacity(line.count)
        var index = 0
        for secret in secrets {
            output += line[index..<secret.lowerBound] + Self.replacement
            index = secret.upperBound
        }
        return output + line[index...]
    }

    private enum KeyMarker { case none, begin, end, whole }

    /// `-----BEGIN … PRIVATE KEY-----` and its END (RFC 7468).
    private static func keyMarker(_ line: [UInt8]) -> KeyMarker {
        guard contains("-----", line), contains("PRIVATE KEY", line) else { return .none }
        return switch (contains("-----BEGIN ", line), contains("-----END ", line)) {
        case (true, true): .whole
        case (true, false): .begin
        case (false, true): .end
        case (false, false): .none
        }
    }

    private static func contains(_ word: String, _ line: [UInt8]) -> Bool {
        let word = Array(word.utf8)
        guard line.count >= word.count else { return false }
        return line.indices.dropLast(word.count - 1).contains { line[$0] == word[0] && line[$0...].starts(with: word) }
    }
}
