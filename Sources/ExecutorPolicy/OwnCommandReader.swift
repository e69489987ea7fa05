package import StrictJSON

extension OwnCommand {
    typealias Fault = CommandPattern.Fault

    /// The members of an entry that say what runs; the rest is the tool's own.
    package static let members = [
        "approval", "arguments", "command", "cwd", "effect", "environment", "justification", "limits", "requires",
        "run_as", "sandbox", "timeout",
    ]

    /// Compiles the command of one entry of `own_tools`.
    ///
    /// - Parameters:
    ///   - members: Those of ``members`` that the entry has.
    ///   - file: The file, for the error.
    ///   - locate: The path of a program by its name, where neither executor.json nor this module knows it.
    /// - Throws: ``PolicyError`` naming the entry, what is wrong and what would be right.
    package init(
        name: String, members: [String: JSONValue], settings: PolicySettings, file: String,
        locate: @escaping (String) -> String?
    ) throws(PolicyError) {
        do throws(Fault) {
            try self.init(reading: members, name, OwnCommandReader(settings: settings, locate: locate))
        } catch {
            throw PolicyError(
                file: file, entry: "own_tools.\(name)", problem: error.problem, remedy: error.remedy)
        }
    }

    private init(
        reading members: [String: JSONValue], _ name: String, _ reader: OwnCommandReader
    ) throws(Fault) {
        let (program, words) = try reader.template(members["command"])
        let arguments = try reader.arguments(members["arguments"], words)
        self.name = name
        self.arguments = arguments.values.sorted { $0.name < $1.name }
        groups = words.map { group in
            Group(words: group.words.map { $0.compiled(arguments) }, isOptional: group.isOptional)
        }
        let elements = groups.flatMap(\.words).map(\.element)
        rule = try reader.rule(
            "tool/\(name)", CommandPattern(program: program, elements: elements), members, text: name)
        prerequisite = try reader.prerequisite(members, name)
    }
}

/// Reads what `own_tools` says of a command.
private struct OwnCommandReader {
    let settings: PolicySettings
    let locate: (String) -> String?

    typealias Fault = CommandPattern.Fault

    /// A word as written, before its argument is known.
    enum WrittenWord {
        case literal(String)
        case argument(String, prefix: String)

        func compiled(_ arguments: [String: OwnArgument]) -> OwnCommand.Word {
            switch self {
            case .literal(let text): return .literal(text)
            case .argument(let name, let prefix):
                guard let argument = arguments[name] else { return .literal(prefix) }
                return .argument(argument, prefix: prefix)
            }
        }
    }

    struct WrittenGroup {
        var words: [WrittenWord]
        var isOptional: Bool

        var names: [String] { words.compactMap { if case .argument(let name, _) = $0 { name } else { nil } } }
    }

    private static let example = #"write ["kubectl", "get", "{resource}", ["-n", "{namespace}"]]"#

    // MARK: The template

    /// A string with blanks between its words, or a list of words; a list within it may be left out as a whole.
    func template(_ value: JSONValue?) throws(Fault) -> (program: String, groups: [WrittenGroup]) {
        let items: [JSONValue]
        switch value {
        case .string(let line): items = line.split(separator: " ").map { .string(String($0)) }
        case .array(let list): items = list
        default: throw Fault(problem: "it has no \"command\"", remedy: Self.example)
        }
        guard let program = items.first?.stringValue, !program.isEmpty else {
            throw Fault(problem: "the command names no program", remedy: Self.example)
        }
        try check(program)
        var groups: [WrittenGroup] = []
        for item in items.dropFirst() { groups.append(try group(item)) }
        guard groups.reduce(1, { $0 + $1.words.count }) <= CommandLine.maximumArguments else {
            throw Fault(
                problem: "the command has more than \(CommandLine.maximumArguments) words", remedy: "put it in a script"
            )
        }
        return (program, groups)
    }

    private func group(_ item: JSONValue) throws(Fault) -> WrittenGroup {
        if let text = item.stringValue { return WrittenGroup(words: [try word(text)], isOptional: false) }
        guard let items = item.arrayValue, !items.isEmpty else {
            throw Fault(problem: "a word of the command is no text and no list", remedy: Self.example)
        }
        var words: [WrittenWord] = []
        for item in items {
            guard let text = item.stringValue else {
                throw Fault(problem: "a list within the command has something else than words", remedy: Self.example)
            }
            words.append(try word(text))
        }
        let group = WrittenGroup(words: words, isOptional: true)
        guard !group.names.isEmpty else {
            throw Fault(
                problem: "a list within the command has no argument, so it is never left out",
                remedy: "write its words among the others")
        }
        return group
    }

    /// `{name}` ends a word or is the whole of it; any other brace is the administrator's own.
    private func word(_ text: String) throws(Fault) -> WrittenWord {
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), text.utf8.count <= 2048 else {
            throw Fault(
                problem: "a word of the command is too long or not printable ASCII",
                remedy: "write 1 to 2048 printable ASCII characters")
        }
        guard text.hasSuffix("}"), let open = text.lastIndex(of: "{") else {
            if let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}"),
                Self.isName(String(text[text.index(after: open)..<close]))
            {
                throw Fault(problem: "in \"\(text)\" the argument does not end the word", remedy: "let it end the word")
            }
            return .literal(text)
        }
        let name = String(text[text.index(after: open)...].dropLast())
        let prefix = String(text[..<open])
        guard Self.isName(name) else { return .literal(text) }
        guard !prefix.contains("{") else {
            throw Fault(problem: "\"\(text)\" has two arguments in one word", remedy: "give each a word of its own")
        }
        // A value joins what an interpreter reads, where the words before it are more than an option's name.
        guard prefix.utf8.allSatisfy({ !ASCII.metacharacters.contains($0) && !" '\"\\".utf8.contains($0) }) else {
            throw Fault(
                problem: "in \"\(text)\" the argument follows quotes, blanks or what a shell acts on",
                remedy: "give the argument a word of its own, or one such as --name={name}")
        }
        return .argument(name, prefix: prefix)
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// Programs that run what their arguments say: with one of them a typed argument is no fence.
    private static let launchers: Set<String> = [
        "ash", "awk", "bash", "busybox", "chroot", "chrt", "csh", "dash", "doas", "ed", "env", "eval", "ex", "exec",
        "expect", "find", "fish", "flock", "gawk", "gdb", "ionice", "ksh", "lua", "mawk", "mksh", "nice", "node",
        "nohup", "nsenter", "parallel", "perl", "php", "pkexec", "prlimit", "pwsh", "python", "rbash", "ruby",
        "runuser", "script", "sed", "setarch", "setpriv", "setsid", "sg", "sh", "socat", "ssh", "start-stop-daemon",
        "stdbuf", "strace", "su", "sudo", "systemd-run", "taskset", "tclsh", "tcsh", "time", "timeout", "unshare", "vi",
        "vim", "watch", "xargs", "zsh",
    ]

    private func check(_ program: String) throws(Fault) {
        let name = program.split(separator: "/").last.map(String.init) ?? program
        guard program.utf8.allSatisfy({ ASCII.isPlainWord($0) }), program.hasPrefix("/") || !program.contains("/")
        else {
            throw Fault(problem: "\"\(program)\" is no program", remedy: "write a name or an absolute path")
        }
        // Also `python3.12` and `lua5.4`.
        let unversioned = name.reversed().drop { $0.isNumber || $0 == "." }.reversed()
        guard !Self.launchers.contains(name), !Self.launchers.contains(String(unversioned)) else {
            throw Fault(
                problem: "\"\(name)\" runs what its arguments say",
                remedy: "put the words in a script that root alone may write, and name the script")
        }
    }

    // MARK: The arguments

    func arguments(_ value: JSONValue?, _ groups: [WrittenGroup]) throws(Fault) -> [String: OwnArgument] {
        guard let entries = (value ?? [:]).objectValue else {
            throw Fault(problem: "\"arguments\" is no object", remedy: #"write {"pod": {"kind": "word"}}"#)
        }
        let needed = Set(groups.filter { !$0.isOptional }.flatMap(\.names))
        let used = Set(groups.flatMap(\.names))
        if let stranger = used.subtracting(entries.keys).min() {
            throw Fault(
                problem: "the command has {\(stranger)}, of which \"arguments\" says nothing",
                remedy: "write \"\(stranger)\": {\"kind\": \"word\", \"description\": \"…\"}")
        }
        if let idle = Set(entries.keys).subtracting(used).min() {
            throw Fault(problem: "the argument \"\(idle)\" is not in the command", remedy: "write {\(idle)} in it")
        }
        var arguments: [String: OwnArgument] = [:]
        for (name, entry) in entries {
            arguments[name] = try argument(name, entry, isNeeded: needed.contains(name))
        }
        for group in groups { for word in group.words { try check(word, arguments) } }
        return arguments
    }

    private func argument(_ name: String, _ entry: JSONValue, isNeeded: Bool) throws(Fault) -> OwnArgument {
        let kinds = ArgumentKind.allCases.map(\.rawValue).joined(separator: ", ")
        guard let members = entry.objectValue,
            members.keys.allSatisfy({ ["default", "description", "enum", "kind"].contains($0) })
        else {
            throw Fault(
                problem: "the argument \"\(name)\" has something else than kind, description, enum and default",
                remedy: #"write {"kind": "word", "description": "…"}"#)
        }
        guard let kind = members["kind"]?.stringValue.flatMap({ ArgumentKind(rawValue: $0) }) else {
            throw Fault(problem: "the argument \"\(name)\" has no known kind", remedy: "the kinds are \(kinds)")
        }
        let choices = (members["enum"]?.arrayValue ?? []).map(Self.text)
        guard members["enum"] == nil || !choices.isEmpty, !choices.contains(nil) else {
            throw Fault(problem: "the \"enum\" of \"\(name)\" is no list of values", remedy: #"write ["a", "b"]"#)
        }
        let fallback = members["default"].map(Self.text)
        guard fallback != .some(nil) else {
            throw Fault(problem: "the \"default\" of \"\(name)\" is no text or number", remedy: "write a value")
        }
        let description = members["description"].map { $0.stringValue ?? "" } ?? kind.explanation
        guard (1...512).contains(description.utf8.count) else {
            throw Fault(problem: "the \"description\" of \"\(name)\" is no text", remedy: "write 1 to 512 bytes")
        }
        return OwnArgument(
            name: name, kind: kind, description: description, choices: choices.compactMap { $0 },
            fallback: fallback ?? nil, isRequired: isNeeded && fallback == nil)
    }

    private static func text(_ value: JSONValue) -> String? { value.stringValue ?? value.intValue.map { "\($0)" } }

    /// Its choices and its default are what it would take of a caller, where it stands.
    private func check(_ word: WrittenWord, _ arguments: [String: OwnArgument]) throws(Fault) {
        guard case .argument(let name, let prefix) = word, let argument = arguments[name] else { return }
        if argument.kind == .path, !prefix.isEmpty { try CommandPattern.checkDirectory(prefix) }
        for value in argument.choices + [argument.fallback].compactMap({ $0 }) {
            guard (try? argument.read(value, prefix: prefix, settings)) != nil else {
                throw Fault(
                    problem: "the argument \"\(name)\" would refuse its own value \"\(value)\"",
                    remedy: "write \(argument.kind.explanation)")
            }
        }
    }

    // MARK: The rules

    func rule(
        _ id: String, _ pattern: CommandPattern, _ members: [String: JSONValue], text: String
    ) throws(Fault) -> Rule {
        try RuleReader(category: "tool", settings: settings)
            .ownRule(RuleID(id), pattern, members, text: text, locate: locate)
    }

    /// Fixed words, run as the tool's command is; it changes nothing and asks nobody.
    func prerequisite(_ members: [String: JSONValue], _ name: String) throws(Fault) -> Rule? {
        guard let value = members["requires"] else { return nil }
        let (program, groups) = try template(value)
        guard groups.allSatisfy({ !$0.isOptional && $0.names.isEmpty }) else {
            throw Fault(problem: "\"requires\" has an argument", remedy: "write fixed words, as in \"redis-cli ping\"")
        }
        let elements = groups.flatMap(\.words).map { $0.compiled([:]).element }
        var own = members
        (own["effect"], own["approval"]) = ("read", nil)
        // What the program's own words are confined by, and not those of the tool's program.
        own["timeout"] = "5s"
        return try rule(
            "tool/\(name)/requires", CommandPattern(program: program, elements: elements), own, text: name)
    }
}
