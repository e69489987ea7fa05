/// What a command line gave to the command it named.
package struct GivenArguments: Sendable, Equatable {
    /// The command's name and those of the groups it is in, the program's first.
    package internal(set) var path: [String]
    var synopsis = ""
    var values: [String: String] = [:]
    var flags: Set<String> = []
    var words: [String: [String]] = [:]

    /// The value given, else the default.
    package subscript(option: CommandOption) -> String? { values[option.name] ?? option.defaultValue }

    /// Those given at the operand's place; of a single one at most one.
    package subscript(operand: Operand) -> [String] { words[operand.name] ?? [] }

    package func has(_ flag: CommandOption) -> Bool { flags.contains(flag.name) }

    /// - Throws: ``UsageError``, where it was not given.
    package func required(_ option: CommandOption) throws(UsageError) -> String {
        if let value = self[option] { return value }
        throw usageError("\(option.form) is missing: \(option.help)")
    }

    /// - Throws: ``UsageError``, where it was not given.
    package func required(_ operand: Operand) throws(UsageError) -> String {
        if let word = self[operand].first { return word }
        throw usageError("\(operand.form) is missing: \(operand.help)")
    }

    /// - Throws: ``UsageError``, where it is no whole number.
    package func integer(_ option: CommandOption) throws(UsageError) -> Int {
        let text = try required(option)
        if let number = Int(text) { return number }
        throw usageError("\(option.name) takes a whole number such as 20, not \"\(text)\".")
    }

    /// What is wrong with these arguments, in one sentence; the usage is added.
    package func usageError(_ message: String) -> UsageError {
        UsageError(message: message, path: path, synopsis: synopsis)
    }
}

/// What is wrong with a command line. By contract the program ends with ``exitCode``.
package struct UsageError: Error, Equatable {
    package static let exitCode: Int32 = 2

    /// One sentence: what was wrong and what would be right.
    package let message: String
    let path: [String]
    let synopsis: String

    /// For standard error: the sentence, the usage, and where the help is.
    package var text: String {
        """
        \(path.first ?? ""): \(message)
        Usage: \(synopsis)
          See '\(path.joined(separator: " ")) --help' for more information.
        """
    }
}
