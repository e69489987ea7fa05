// Secrets that a name stands before: `NAME=`, `NAME: `, `"NAME": "`, `<NAME>`, a header's line.
extension SecretScanner {
    func value(after separator: Int) -> Range<Int>? {
        let name = self.name(before: separator)
        guard !name.isEmpty else { return nil }
        let isSecret = names.contains(name)
        let isWord = !isSecret && (names.containsWord(name) || isValueOfSecretName(name))
        guard isSecret || isWord else { return nil }
        let start = valueStart(after: separator)
        let isColon = line[separator] == UInt8(ascii: ":")
        // `arn:…:secret:name` is an address; a member or a header has a blank or a quote after its colon.
        if isColon, start.position == separator + 1, start.quote == nil { return nil }
        let value = start.position..<valueEnd(from: start, name: name)
        let text = line[value]
        if text.isEmpty || Self.isNothing(text) || Self.isPath(text, name) { return nil }
        // `token: invalid` is prose; `token=x1` and `"token": "invalid"` are not.
        let isProse = start.quote == nil && isColon && (text.count < 8 || text.allSatisfy(SecretForms.isLower))
        if isProse || (isWord && (text.count < 8 || !Self.isMixed(text))) { return nil }
        return value
    }

    /// The word before a separator, past quotes, blanks and backslashes.
    private func name(before separator: Int) -> ArraySlice<UInt8> {
        var end = separator
        while end > 0, "\"' \\".utf8.contains(line[end - 1]) { end -= 1 }
        let start = line[..<end].lastIndex { !SecretForms.isWord($0) }.map { $0 + 1 } ?? 0
        return line[start..<end]
    }

    /// `"name": "DB_PASSWORD", "value": …` and `key="ClientSecret" value=…`: the name is the value before.
    private func isValueOfSecretName(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.elementsEqual("value".utf8) || name.elementsEqual("Value".utf8) else { return false }
        var end = name.startIndex
        while end > 0, "\"', \\".utf8.contains(line[end - 1]) { end -= 1 }
        if end == 0 { return isNamed }
        guard end < name.startIndex else { return false }
        let start = line[..<end].lastIndex { !SecretForms.isWord($0) }.map { $0 + 1 } ?? 0
        return start < end && names.contains(line[start..<end])
    }

    /// Whether this line is `"name": "DB_PASSWORD",` or `- name: DB_PASSWORD`: pretty-printed JSON and YAML have the value
    /// in the next.
    var namesNext: Bool {
        var end = line.count
        while end > 0, Self.isSpace(line[end - 1]) || "\"',\\".utf8.contains(line[end - 1]) { end -= 1 }
        let start = line[..<end].lastIndex { !SecretForms.isWord($0) }.map { $0 + 1 } ?? 0
        guard start < end, names.contains(line[start..<end]) else { return false }
        guard let colon = line[..<start].lastIndex(of: UInt8(ascii: ":")) else { return false }
        let name = self.name(before: colon)
        return ["name", "Name", "key", "Key"].contains { name.elementsEqual($0.utf8) }
    }

    private struct Start {
        var position: Int
        var quote: UInt8?
    }

    private func valueStart(after separator: Int) -> Start {
        var position = separator + 1
        while position < line.count, line[position] == 0x20 || line[position] == UInt8(ascii: "\\") { position += 1 }
        guard position < line.count, Self.isQuote(line[position]) else { return Start(position: position) }
        return Start(position: position + 1, quote: line[position])
    }

    private func valueEnd(from start: Start, name: ArraySlice<UInt8>) -> Int {
        if let quote = start.quote { return quoteEnd(quote, from: start.position) }
        // `"NAME=a value"`: the quote is around both.
        if name.startIndex > 0, Self.isQuote(line[name.startIndex - 1]), !Self.isQuote(line[name.endIndex]) {
            return quoteEnd(line[name.startIndex - 1], from: start.position)
        }
        return line[start.position...].firstIndex { Self.isSpace($0) || ",;&\"'()[]{}<>".utf8.contains($0) }
            ?? line.count
    }

    /// The closing quote; one after a backslash closes only where the opening one had a backslash too.
    private func quoteEnd(_ quote: UInt8, from start: Int) -> Int {
        let backslash = UInt8(ascii: "\\")
        let isEscaped = start >= 2 && line[start - 2] == backslash && line[start - 1] == quote
        var index = start
        while index < line.count, line[index] != 0x0A {
            if line[index] == backslash {
                if isEscaped { return index }
                index += 2
            } else if line[index] == quote {
                return index
            } else {
                index += 1
            }
        }
        return min(index, line.count)
    }

    /// The rest of a header's line, or of the quotes around it.
    func header(after colon: Int) -> Range<Int>? {
        let start = line[..<colon].lastIndex { !SecretForms.isWord($0) }.map { $0 + 1 } ?? 0
        guard start < colon, names.isHeader(line[start..<colon]) else { return nil }
        var from = colon + 1
        while from < line.count, line[from] == 0x20 { from += 1 }
        let quote = start > 0 && Self.isQuote(line[start - 1]) ? line[start - 1] : 0x0A
        var end = line[from...].firstIndex { $0 == quote || $0 == 0x0A } ?? line.count
        if end > from, line[end - 1] == 0x0D { end -= 1 }
        let text = line[from..<end]
        guard text.count >= 8, text.first.map(Self.isQuote) != true,
            Self.isMixed(text) || text.contains(UInt8(ascii: "="))
        else { return nil }
        return from..<end
    }

    /// `<NAME>VALUE</NAME>`.
    func element(after bracket: Int) -> Range<Int>? {
        let start = line[..<bracket].lastIndex { !SecretForms.isWord($0) }.map { $0 + 1 } ?? 0
        guard start > 0, line[start - 1] == UInt8(ascii: "<"), names.contains(line[start..<bracket]) else { return nil }
        let end = line[(bracket + 1)...].firstIndex(of: UInt8(ascii: "<")) ?? line.count
        return end > bracket + 1 && !Self.isNothing(line[(bracket + 1)..<end]) ? bracket + 1..<end : nil
    }

    private static let nothings = ["null", "nil", "none", "true", "false", "undefined", "[masked]", "?", "%s"]

    /// No value, or a place for one.
    private static func isNothing(_ value: ArraySlice<UInt8>) -> Bool {
        if nothings.contains(where: { value.elementsEqual($0.utf8) }) { return true }
        if value.allSatisfy({ $0 == UInt8(ascii: "*") }) { return true }
        if value.starts(with: "${".utf8) || value.starts(with: "{{".utf8) { return true }
        return value.first == UInt8(ascii: "$") && value.count > 1 && value.dropFirst().allSatisfy(SecretForms.isDigit)
    }

    /// A file's path stands after names such as `PWD` and `private_key`, and is no secret.
    private static func isPath(_ value: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard value.first == UInt8(ascii: "/"),
            ["key", "pwd", "credentials"].contains(where: { ending in
                name.suffix(ending.utf8.count).map { $0 | 0x20 } == Array(ending.utf8)
            })
        else { return false }
        return value.allSatisfy { SecretForms.isWord($0) || "/._".utf8.contains($0) }
    }
}
