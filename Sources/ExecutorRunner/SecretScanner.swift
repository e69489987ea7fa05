/// Masks the secrets of one line, left to right.
struct SecretScanner {
    private let line: [UInt8]
    private let names: SecretNames
    private(set) var count = 0

    init(line: [UInt8], names: SecretNames) { (self.line, self.names) = (line, names) }

    mutating func scan(into output: inout [UInt8]) {
        var index = 0
        /// Where the word that is being passed began.
        var wordStart = 0
        while index < line.count {
            let byte = line[index]
            let isStart = index == 0 || !Self.isToken(line[index - 1])
            if isStart { wordStart = index }
            if isStart, let end = tokenEnd(at: index) ?? bearerEnd(at: index) {
                mask(into: &output)
                index = end
                continue
            }
            if byte == UInt8(ascii: ":"), let range = urlPassword(at: index) {
                output.append(contentsOf: line[index..<range.lowerBound])
                mask(into: &output)
                index = range.upperBound
                continue
            }
            if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":"), let range = value(after: index, wordStart) {
                output.append(contentsOf: line[index..<range.lowerBound])
                mask(into: &output)
                index = range.upperBound
                continue
            }
            output.append(byte)
            index += 1
        }
    }

    private mutating func mask(into output: inout [UInt8]) {
        output += SecretMasker.replacement
        count += 1
    }

    // MARK: Tokens by their form

    private struct Form {
        let prefix: [UInt8]
        /// Characters after the prefix, at least.
        let minimum: Int
        let isUpperOnly: Bool

        init(_ prefix: String, _ minimum: Int, isUpperOnly: Bool = false) {
            (self.prefix, self.minimum, self.isUpperOnly) = (Array(prefix.utf8), minimum, isUpperOnly)
        }
    }

    /// Published prefixes of tokens and keys.
    private static let forms = [
        Form("sk-", 20), Form("sk_live_", 16), Form("rk_live_", 16), Form("whsec_", 16), Form("ghp_", 30),
        Form("gho_", 30), Form("ghu_", 30), Form("ghs_", 30), Form("ghr_", 30), Form("github_pat_", 30),
        Form("glpat-", 16), Form("xoxb-", 16), Form("xoxp-", 16), Form("xoxa-", 16), Form("xapp-", 16),
        Form("AKIA", 16, isUpperOnly: true), Form("ASIA", 16, isUpperOnly: true), Form("AIza", 30), Form("ya29.", 20),
        Form("hf_", 30), Form("npm_", 30), Form("pypi-", 30), Form("dop_v1_", 40), Form("SG.", 40), Form("hvs.", 20),
        Form("AGE-SECRET-KEY-", 40),
    ]

    private func tokenEnd(at start: Int) -> Int? {
        let first = line[start]
        for form in Self.forms where form.prefix[0] == first && line[start...].starts(with: form.prefix) {
            let from = start + form.prefix.count
            let end = line[from...].firstIndex { !Self.isToken($0) && $0 != UInt8(ascii: ".") } ?? line.count
            guard end - from >= form.minimum else { continue }
            if form.isUpperOnly,
                !line[from..<end].allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
            {
                continue
            }
            return end
        }
        return jwtEnd(at: start) ?? telegramEnd(at: start)
    }

    /// Three base64url parts, the first two of which begin as `{"` does (RFC 7519).
    private func jwtEnd(at start: Int) -> Int? {
        let head = Array("eyJ".utf8)
        guard line[start...].starts(with: head) else { return nil }
        var index = start
        for part in 0..<3 {
            let end = line[index...].firstIndex { !Self.isToken($0) } ?? line.count
            guard end - index >= 10, part != 1 || line[index...].starts(with: head) else { return nil }
            if part == 2 { return end }
            guard end < line.count, line[end] == UInt8(ascii: ".") else { return nil }
            index = end + 1
        }
        return nil
    }

    /// `digits:35 characters`, the form of a bot's token.
    private func telegramEnd(at start: Int) -> Int? {
        let digits = line[start...].prefix(12).prefix { (0x30...0x39).contains($0) }
        guard (8...12).contains(digits.count), digits.endIndex < line.count, line[digits.endIndex] == UInt8(ascii: ":")
        else { return nil }
        let from = digits.endIndex + 1
        let end = line[from...].firstIndex { !Self.isToken($0) } ?? line.count
        return (34...36).contains(end - from) ? end : nil
    }

    /// `Bearer TOKEN` and `Basic TOKEN`, of which the word stays away too.
    private func bearerEnd(at start: Int) -> Int? {
        for word in ["bearer ", "basic "] {
            let end = start + word.utf8.count
            guard end < line.count, zip(line[start..<end], word.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else {
                continue
            }
            let stop = line[end...].firstIndex { !Self.isToken($0) && !"+/=.~".utf8.contains($0) } ?? line.count
            let token = line[end..<stop]
            if token.count >= 16, token.contains(where: { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) {
                return stop
            }
        }
        return nil
    }

    // MARK: Values by their name

    /// The value after `NAME=`, `NAME: ` or `"NAME": "`, where the name says secret.
    private func value(after separator: Int, _ wordStart: Int) -> Range<Int>? {
        var nameEnd = separator
        while nameEnd > 0, "\"' ".utf8.contains(line[nameEnd - 1]) { nameEnd -= 1 }
        let nameStart = line[..<nameEnd].lastIndex { !Self.isToken($0) }.map { $0 + 1 } ?? 0
        guard nameStart < nameEnd, names.contains(line[nameStart..<nameEnd]) else { return nil }
        var start = separator + 1
        while start < line.count, line[start] == 0x20 { start += 1 }
        var quote: UInt8?
        if start < line.count, "\"'".utf8.contains(line[start]) {
            quote = line[start]
            start += 1
        }
        let end: Int
        if let quote {
            end = line[start...].firstIndex(of: quote) ?? line.endIndex
        } else {
            end = line[start...].firstIndex { $0 <= 0x20 || ",;&\"'()[]{}<>".utf8.contains($0) } ?? line.count
        }
        let value = line[start..<end]
        // `token: invalid` is prose; `token=x1` and `"token": "invalid"` are not.
        let isProse =
            quote == nil && line[separator] == UInt8(ascii: ":")
            && (value.count < 8 || value.allSatisfy { (0x61...0x7A).contains($0) })
        return value.isEmpty || isProse || Self.isNothing(value) ? nil : start..<end
    }

    private static func isNothing(_ value: ArraySlice<UInt8>) -> Bool {
        ["null", "nil", "none", "true", "false", "[masked]", "***", "*****", "********"]
            .contains { value.elementsEqual($0.utf8) }
    }

    /// The password in `scheme://user:PASSWORD@host`; `index` is at the colon after the user.
    private func urlPassword(at index: Int) -> Range<Int>? {
        let userStart = line[..<index].lastIndex { $0 == UInt8(ascii: "/") || $0 <= 0x20 || $0 == UInt8(ascii: "@") }
        guard let slash = userStart, line[slash] == UInt8(ascii: "/"), slash >= 2, line[slash - 1] == UInt8(ascii: "/"),
            line[slash - 2] == UInt8(ascii: ":")
        else { return nil }
        let rest = line[(index + 1)...]
        guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "/") || $0 <= 0x20 }),
            line[end] == UInt8(ascii: "@"), end > index + 1
        else { return nil }
        return index + 1..<end
    }

    /// Characters of names and of most tokens.
    private static func isToken(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
