// Secrets in addresses, command lines and statements.
extension SecretScanner {
    /// The password in `scheme://user:PASSWORD@host`; `colon` is the one after the user.
    func urlPassword(after colon: Int) -> Range<Int>? {
        let start = line[..<colon].lastIndex { $0 == UInt8(ascii: "/") || Self.isSpace($0) || $0 == UInt8(ascii: "@") }
        guard let start, isAuthority(start) else { return nil }
        return userinfo(from: colon + 1)
    }

    /// The key in `scheme://KEY@host`: a long one that is no name; `slash` is the last before it.
    func urlUser(after slash: Int) -> Range<Int>? {
        guard isAuthority(slash), let range = userinfo(from: slash + 1), range.count >= 20 else { return nil }
        let text = line[range]
        return text.allSatisfy(SecretForms.isWord) && text.contains(where: SecretForms.isDigit) ? range : nil
    }

    /// Whether this is the second slash of `scheme://`.
    private func isAuthority(_ slash: Int) -> Bool {
        line[slash] == UInt8(ascii: "/") && slash >= 2 && line[slash - 1] == UInt8(ascii: "/")
            && line[slash - 2] == UInt8(ascii: ":")
    }

    private func userinfo(from start: Int) -> Range<Int>? {
        let end = line[start...].firstIndex { "@/\"'".utf8.contains($0) || Self.isSpace($0) }
        guard let end, line[end] == UInt8(ascii: "@"), end > start else { return nil }
        return start..<end
    }

    /// The word after `--password`, after `-u USER:` of curl(1), after `-p` of a login.
    func argument(after space: Int) -> Range<Int>? {
        let start = line[..<space].lastIndex(where: Self.isSpace).map { $0 + 1 } ?? 0
        let option = line[start..<space]
        let end = line[(space + 1)...].firstIndex(where: Self.isSpace) ?? line.count
        let word = space + 1..<end
        guard !word.isEmpty else { return nil }
        let hasFigure = line[word].contains { !SecretForms.isUpper($0) && !SecretForms.isLower($0) && $0 < 0x80 }
        if option.starts(with: "--".utf8), option.count > 2, names.contains(option.dropFirst(2)) {
            return hasFigure && line[word.lowerBound] != UInt8(ascii: "-") ? word : nil
        }
        switch String(decoding: option, as: UTF8.self) {
        case "-u", "--user": return passwordOfPair(word)
        case "-p" where hasWord("sshpass", before: start) || hasWord("login", before: start):
            return hasFigure ? word : nil
        case "requirepass", "masterauth": return hasFigure ? word : nil
        case "password" where hasWord("login", before: start): return hasFigure ? word : nil
        default: return nil
        }
    }

    private func passwordOfPair(_ word: Range<Int>) -> Range<Int>? {
        guard let colon = line[word].firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let range = colon + 1..<word.upperBound
        // `-u 1000:1000` are a user's and a group's numbers.
        return range.isEmpty || line[range].allSatisfy(SecretForms.isDigit) ? nil : range
    }

    private func hasWord(_ word: String, before end: Int) -> Bool {
        line[..<end].split(whereSeparator: Self.isSpace).contains { $0.elementsEqual(word.utf8) }
    }

    /// The text in quotes after `PASSWORD`, `PASSWORD(` and `IDENTIFIED BY` of SQL.
    func statement(after index: Int) -> Range<Int>? {
        guard index + 1 < line.count, line[index + 1] == UInt8(ascii: "'") else { return nil }
        let before = line[..<index].suffix(16).map { $0 | 0x20 }
        guard ["password", "identified by"].contains(where: { before.suffix($0.utf8.count).elementsEqual($0.utf8) })
        else { return nil }
        let from = index + 2
        let end = line[from...].firstIndex(of: UInt8(ascii: "'")) ?? line.count
        return end > from ? from..<end : nil
    }
}
