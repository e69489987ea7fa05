/// What a command line asks for.
package enum CommandRequest<Action: Sendable>: Sendable {
    case perform(Action, GivenArguments)
    /// Help, the version, completions: to be printed, and nothing else done.
    case say(String)
}

extension Command {
    /// Reads a command line; `self` is the program.
    ///
    /// An option's value is given once in one place. One behind the subcommand replaces that before it, so that an alias
    /// with `--socket` can still be told another.
    ///
    /// - Parameters:
    ///   - arguments: Without the program's name.
    ///   - version: What `--version` prints.
    /// - Throws: ``UsageError``.
    package func read(_ arguments: [String], version: String) throws(UsageError) -> CommandRequest<Action> {
        var reader = CommandReader(self, arguments, version: version)
        return try reader.read()
    }
}

/// Goes through the arguments once, from left to right.
private struct CommandReader<Action: Sendable> {
    private let version: String
    private var rest: ArraySlice<String>
    /// The program, and the subcommands named so far.
    private var path: [Command<Action>]
    private var command: Command<Action>
    private var given: GivenArguments
    /// The words of the command, not yet at their operands.
    private var words: [String] = []
    /// The options with a value that this command was given.
    private var named: Set<String> = []
    private var optionsHaveEnded = false

    init(_ program: Command<Action>, _ arguments: [String], version: String) {
        (self.version, rest, path, command) = (version, arguments[...], [program], program)
        given = GivenArguments(path: [program.name], synopsis: program.synopsis(in: [program]))
    }

    mutating func read() throws(UsageError) -> CommandRequest<Action> {
        do throws(UsageError) {
            while let argument = rest.popFirst() {
                if let answer = try take(argument) { return .say(answer) }
            }
            return try finish()
        } catch {
            guard asksForHelp else { throw error }
            return .say(command.help(in: path))
        }
    }

    /// Who asks for help gets it, also behind a mistake. But what is passed through may have a `--help` of its own.
    private var asksForHelp: Bool {
        let passing = command.subcommands.filter(\.passesThrough).map(\.name)
        let read = command.passesThrough ? [] : rest.prefix { $0 != "--" && !passing.contains($0) }
        return read.contains { ["--help", "-h"].contains($0) }
    }

    /// - Returns: What is to be printed, where it asks for that.
    private mutating func take(_ argument: String) throws(UsageError) -> String? {
        if !optionsHaveEnded, argument == "--" {
            optionsHaveEnded = true
        } else if !optionsHaveEnded, argument.hasPrefix("-"), argument != "-" {
            return try takeOption(argument)
        } else if let next = command.subcommands.first(where: { $0.name == argument }) {
            descend(to: next)
        } else if path.count == 1, argument == "help", !command.subcommands.isEmpty {
            return helpOfRest()
        } else if case .group = command.role {
            throw given.usageError(
                "There is no command \"\(argument)\" here\(Self.list(command.subcommands.map(\.name)))")
        } else {
            words.append(argument)
            if command.passesThrough { takeRest() }
        }
        return nil
    }

    private mutating func takeRest() {
        words += rest
        rest = []
    }

    private mutating func descend(to next: Command<Action>) {
        (command, named) = (next, [])
        path.append(next)
        given.path.append(next.name)
        given.synopsis = next.synopsis(in: path)
    }

    /// `help approvals grant` says what `approvals grant --help` says; what is no command is passed over.
    private mutating func helpOfRest() -> String {
        while let name = rest.popFirst(), let next = command.subcommands.first(where: { $0.name == name }) {
            descend(to: next)
        }
        return command.help(in: path)
    }

    private mutating func finish() throws(UsageError) -> CommandRequest<Action> {
        if let implied = command.defaultSubcommand { descend(to: implied) }
        guard case .action(let action) = command.role else { return .say(command.help(in: path)) }
        for operand in command.operands {
            let count = operand.count == .one ? min(1, words.count) : words.count
            given.words[operand.name] = Array(words.prefix(count))
            words.removeFirst(count)
        }
        if let word = words.first {
            let takes = command.operands.isEmpty ? "no words" : command.operands.map(\.form).joined(separator: " ")
            throw given.usageError("\"\(word)\" is too much: this command takes \(takes).")
        }
        return .perform(action, given)
    }
}

// MARK: Options

extension CommandReader {
    private var known: [CommandOption] { command.accepted(in: path) + [.version, .help] }

    private mutating func takeOption(_ argument: String) throws(UsageError) -> String? {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? String(parts[1]) : nil
        guard let option = option(named: String(parts[0])) else {
            if splitLetters(parts[0], value) { return nil }
            throw given.usageError("There is no option \"\(parts[0])\" here\(Self.list(known.map(\.name)))")
        }
        guard option.takesValue else { return try takeFlag(option, value) }
        let text = try self.value(of: option, attached: value)
        guard option != .completions else { return try completions(for: text) }
        guard named.insert(option.name).inserted else {
            throw given.usageError("\(option.name) is given twice; give it once.")
        }
        given.values[option.name] = text
        return nil
    }

    private func option(named name: String) -> CommandOption? {
        if name.hasPrefix("--") { return (known + [.completions]).first { $0.name == name } }
        return known.first { option in option.letter.map { "-\($0)" == name } ?? false }
    }

    /// `-fl` is `-f -l`.
    private mutating func splitLetters(_ cluster: Substring, _ value: String?) -> Bool {
        let names = cluster.dropFirst().map { "-\($0)" }
        guard names.count > 1, value == nil, names.allSatisfy({ option(named: $0) != nil }) else { return false }
        rest = names + rest
        return true
    }

    private mutating func takeFlag(_ flag: CommandOption, _ value: String?) throws(UsageError) -> String? {
        guard value == nil else { throw given.usageError("\(flag.name) takes no value; give it alone.") }
        if flag == .help { return command.help(in: path) }
        if flag == .version { return version }
        given.flags.insert(flag.name)
        return nil
    }

    private mutating func value(of option: CommandOption, attached: String?) throws(UsageError) -> String {
        if let attached, !attached.isEmpty { return attached }
        let next = attached == nil ? rest.first : nil
        guard let next, !next.isEmpty, next == "-" || !next.hasPrefix("-") else {
            throw given.usageError("\(option.name) needs a value, as in \(option.form) or \(option.name)=VALUE.")
        }
        rest = rest.dropFirst()
        return next
    }

    private func completions(for shell: String) throws(UsageError) -> String {
        if let shell = CompletionShell(rawValue: shell) { return path[0].completions(for: shell) }
        throw given.usageError(
            "There are no completions for \"\(shell)\"\(Self.list(CompletionShell.allCases.map(\.rawValue)))")
    }

    /// The end of a sentence that names what there is.
    private static func list(_ names: [String]) -> String {
        names.count == 1 ? "; there is \(names[0])." : "; there are \(names.joined(separator: ", "))."
    }
}
