package import StrictJSON
import ExecutorPolicy

/// An object of a settings file, and where it stands, so that an error can name the place.
package struct SettingsObject: Sendable {
    package let file: String
    /// The path to it, such as `tools.run_command`; empty for the whole file.
    package let entry: String
    package let members: [String: JSONValue]

    package init(_ json: JSONValue, file: String, entry: String) throws(ToolSettingsError) {
        guard let members = json.objectValue else {
            throw ToolSettingsError(
                file: file, entry: entry, problem: "it is \(json.kindName)", remedy: "Write an object: {…}.")
        }
        (self.file, self.entry, self.members) = (file, entry, members)
    }

    package func error(_ problem: String, _ remedy: String, at key: String? = nil) -> ToolSettingsError {
        let place = [entry, key ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
        return ToolSettingsError(file: file, entry: place, problem: problem, remedy: remedy)
    }

    /// Refuses a member of any other name: a setting that is misspelt must not be one that is silently not there.
    package func allowOnly(_ names: [String]) throws(ToolSettingsError) {
        guard let stranger = members.keys.filter({ !names.contains($0) }).min() else { return }
        throw error(
            "there is no such setting", "The settings here are \(names.joined(separator: ", ")).",
            at: PrintableText.line(stranger, limit: 64))
    }

    package func object(_ key: String) throws(ToolSettingsError) -> SettingsObject? {
        guard let value = members[key] else { return nil }
        let place = entry.isEmpty ? key : "\(entry).\(key)"
        return try SettingsObject(value, file: file, entry: place)
    }

    package func bool(_ key: String) throws(ToolSettingsError) -> Bool? {
        guard let value = members[key] else { return nil }
        guard let bool = value.boolValue else { throw wrong(key, value, "true or false") }
        return bool
    }

    package func string(_ key: String) throws(ToolSettingsError) -> String? {
        guard let value = members[key] else { return nil }
        guard let text = value.stringValue, !text.isEmpty else { throw wrong(key, value, "a text") }
        return text
    }

    package func strings(_ key: String) throws(ToolSettingsError) -> [String]? {
        guard let value = members[key] else { return nil }
        guard let list = value.arrayValue else { throw wrong(key, value, "a list of texts") }
        let texts = list.compactMap(\.stringValue)
        guard texts.count == list.count else { throw error("not all of it is text", "Write a list of texts.", at: key) }
        return texts
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws(ToolSettingsError) -> Int? {
        guard let value = members[key] else { return nil }
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = value.intValue else { throw wrong(key, value, wanted) }
        guard range.contains(number) else { throw error("it is \(number)", "Write \(wanted).", at: key) }
        return number
    }

    package func number(_ key: String, in range: ClosedRange<Double>) throws(ToolSettingsError) -> Double? {
        guard let value = members[key] else { return nil }
        let wanted = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = value.doubleValue else { throw wrong(key, value, wanted) }
        guard range.contains(number) else { throw error("it is \(number)", "Write \(wanted).", at: key) }
        return number
    }

    /// `500ms`, `30s`, `5m`.
    package func duration(
        _ key: String, in range: ClosedRange<Duration>
    ) throws(ToolSettingsError) -> Duration? {
        guard let value = members[key] else { return nil }
        let wanted = "a time such as \"30s\" or \"2m\", from \(range.lowerBound) to \(range.upperBound)"
        guard let text = value.stringValue, let duration = Self.duration(text) else {
            throw wrong(key, value, wanted)
        }
        guard range.contains(duration) else { throw error("it is \(text)", "Write \(wanted).", at: key) }
        return duration
    }

    /// One of the words `approval` takes.
    package func choice(_ key: String) throws(ToolSettingsError) -> String? {
        try choice(key, of: ["user", "operator", "totp"])
    }

    package func choice(_ key: String, of words: [String]) throws(ToolSettingsError) -> String? {
        guard let text = try string(key) else { return nil }
        guard words.contains(text) else {
            throw error(
                "there is no '\(PrintableText.line(text, limit: 64))'",
                "Write one of \(words.joined(separator: ", ")).", at: key)
        }
        return text
    }

    private func wrong(_ key: String, _ value: JSONValue, _ wanted: String) -> ToolSettingsError {
        let found = value.stringValue.map { "\"\(PrintableText.line($0, limit: 64))\"" } ?? value.kindName
        return error("it is \(found)", "Write \(wanted).", at: key)
    }

    private static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), number <= 1_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": return .milliseconds(number)
        case "s": return .seconds(number)
        case "m": return .seconds(number * 60)
        default: return nil
        }
    }
}
