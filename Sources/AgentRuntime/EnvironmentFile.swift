import Foundation

/// Where settings come from: the environment, then a file of `NAME=value` lines, then systemd's credentials.
package enum EnvironmentFile {
    /// A longer file is not one of settings.
    private static let maximumBytes = 64 << 10

    /// The environment of this process, completed by the file and by `CREDENTIALS_DIRECTORY/NAME` for secrets
    /// (systemd.exec(5), `LoadCredential=`). What is set in the environment stands.
    ///
    /// - Parameter credentials: Where they are for whom systemd did not start; `nil` for nowhere.
    /// - Throws: ``SettingsError`` when the file cannot be read or a line is no `NAME=value`.
    package static func environment(
        file: String?, credentials: String? = nil
    ) throws(SettingsError) -> [String: String] {
        var values = ProcessInfo.processInfo.environment
        if let file {
            values.merge(try parse(try read(file), name: file)) { inEnvironment, _ in inEnvironment }
        }
        guard let directory = values["CREDENTIALS_DIRECTORY"] ?? credentials else { return values }
        for name in ["TELEGRAM_BOT_TOKEN", "ANTHROPIC_API_KEY"] where (values[name] ?? "").isEmpty {
            guard let text = try? read("\(directory)/\(name)") else { continue }
            values[name] = text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return values
    }

    /// Lines of `NAME=value`; `#` begins a comment line; single or double quotes around a value are taken off,
    /// as systemd's `EnvironmentFile=` does.
    package static func parse(_ text: String, name: String) throws(SettingsError) -> [String: String] {
        var values: [String: String] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.drop { $0 == " " }
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "="),
                line[..<equals].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            else { throw SettingsError(["\(name), line \(index + 1): a line is NAME=value."]) }
            var value = line[line.index(after: equals)...]
            if let quote = value.first, "\"'".contains(quote), value.count >= 2, value.last == quote {
                value = value.dropFirst().dropLast()
            }
            values[String(line[..<equals])] = String(value)
        }
        return values
    }

    private static func read(_ path: String) throws(SettingsError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SettingsError(["\(path) cannot be read: \(String(cString: strerror(errno)))."])
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard (0...maximumBytes).contains(count) else {
            throw SettingsError(["\(path) is not a file of at most \(maximumBytes) bytes."])
        }
        // Editors on Windows begin a file with a mark of its encoding.
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        return String(decoding: bytes[(isMarked ? 3 : 0)..<count], as: UTF8.self)
    }
}
