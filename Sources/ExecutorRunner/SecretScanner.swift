/// Masks the secrets of one line, left to right: those known by their form, those that a name stands before, and those
/// that a command line hands over.
struct SecretScanner {
    let line: [UInt8]
    let names: SecretNames
    /// Whether the line before ended with a secret's name.
    let isNamed: Bool

    init(line: [UInt8], names: SecretNames, isNamed: Bool = false) {
        (self.line, self.names, self.isNamed) = (line, names, isNamed)
    }

    /// Where the secrets stand, in order.
    func secrets() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < line.count {
            if let secret = secret(from: index) {
                found.append(secret)
                index = max(secret.upperBound, index + 1)
            } else {
                index += 1
            }
        }
        return found
    }

    /// The secret that what stands at `index` begins or announces.
    private func secret(from index: Int) -> Range<Int>? {
        if index == 0 || !SecretForms.isWord(line[index - 1]) {
            if let end = SecretForms.end(in: line, at: index) ?? bearerEnd(at: index) { return index..<end }
            if let range = SecretForms.webhook(in: line, at: index) { return range }
        }
        return switch line[index] {
        case UInt8(ascii: ":"): urlPassword(after: index) ?? header(after: index) ?? value(after: index)
        case UInt8(ascii: "="): value(after: index)
        case UInt8(ascii: ">"): element(after: index)
        case UInt8(ascii: "/"): urlUser(after: index)
        case UInt8(ascii: " "), UInt8(ascii: "("): argument(after: index) ?? statement(after: index)
        default: nil
        }
    }

    /// `Bearer TOKEN` and `Basic TOKEN`, of which the word stays away too.
    private func bearerEnd(at start: Int) -> Int? {
        for word in ["bearer ", "basic "] {
            let end = start + word.utf8.count
            guard end < line.count, zip(line[start..<end], word.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else {
                continue
            }
            let stop = line[end...].firstIndex { !SecretForms.isWord($0) && !"+/=.~".utf8.contains($0) } ?? line.count
            if stop - end >= 16, Self.isMixed(line[end..<stop]) { return stop }
        }
        return nil
    }

    /// Whether it has what a word of prose has not.
    static func isMixed(_ text: ArraySlice<UInt8>) -> Bool {
        text.contains { SecretForms.isDigit($0) || SecretForms.isUpper($0) }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 }
    static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
}
