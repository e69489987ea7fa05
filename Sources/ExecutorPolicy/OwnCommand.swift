import ExecutorAPI

/// The command of a tool of the administrator's own (`own_tools` in tools.json and the packs), compiled.
///
/// It widens what may run, but only for its tool: no line of `run_command` reaches it, and what a caller gives is
/// nothing but values of kinds, each exactly one argument or the end of one.
package struct OwnCommand: Sendable {
    package let name: String
    /// What a caller gives, in the order of their names.
    package let arguments: [OwnArgument]
    let groups: [Group]
    /// Its pattern is the whole template, the groups that may be left out included.
    let rule: Rule
    /// What has to succeed for the tool to be offered.
    let prerequisite: Rule?

    /// Tools of all files together.
    package static let maximum = 64

    package var effect: Effect { rule.effect }
    /// The one path of the program.
    package var executable: String { rule.executable }
    package var hasPrerequisite: Bool { prerequisite != nil }

    /// Words that stand together: all of them, or none where an argument in them is left out.
    struct Group: Sendable {
        let words: [Word]
        let isOptional: Bool
    }

    enum Word: Sendable {
        case literal(String)
        /// What stands before it in the same argument, as in `deployment/{name}`.
        case argument(OwnArgument, prefix: String)

        var element: CommandPattern.Element {
            switch self {
            case .literal(let text): .literal(text)
            case .argument(let argument, let prefix): .kind(argument.kind, prefix: prefix)
            }
        }
    }
}

/// One argument a caller of such a tool gives.
package struct OwnArgument: Sendable {
    package let name: String
    let kind: ArgumentKind
    /// For the model.
    package let description: String
    /// The only values it takes; empty for any of its kind.
    package let choices: [String]
    /// The value where a call leaves it out.
    package let fallback: String?
    /// Whether a call must give it: it has no default, and stands where words cannot be left out.
    package let isRequired: Bool

    /// Whether its values are whole numbers.
    package var isNumber: Bool { kind == .count }
    package static let numbers = 1...ArgumentKind.maximumCount
    package var kindName: String { kind.rawValue }

    /// The value as the command gets it.
    ///
    /// - Throws: what is not of its kind, or not one of its choices, named with what would be right.
    func read(_ text: String, prefix: String, _ settings: PolicySettings) throws(Refusal) -> GrantedArgument {
        guard choices.isEmpty || choices.contains(text) else {
            throw wrong("is not one of its words", "one of \(choices.joined(separator: ", "))")
        }
        switch kind.read(text, prefix: prefix, settings: settings) {
        case .argument(let argument): return argument
        case .refused(let refusal): throw refusal
        case .mismatch: throw wrong("is no \(kind.rawValue)", kind.explanation)
        }
    }

    private func wrong(_ fault: String, _ wanted: String) -> Refusal {
        Refusal(
            .invalidArguments, message: "The argument '\(name)' \(fault).", alternative: "'\(name)' takes \(wanted).")
    }
}

extension ArgumentKind {
    /// What it takes, for a sentence.
    var explanation: String {
        switch self {
        case .container: "a container's name: letters, digits, _ . and -"
        case .count: "a whole number from 1 to \(Self.maximumCount)"
        case .duration: "a time such as 30s, 15m or 1h30m"
        case .host: "a host name or an address"
        case .path: "an absolute path without .., beneath a directory that may be read"
        case .time: "a moment such as 2026-01-31 14:00, today or \"1 hour ago\""
        case .unit: "a unit such as nginx or nginx.service"
        case .url: "an http or https address"
        case .word: "letters, digits, _ . : @ and -, not beginning with punctuation, at most 128"
        }
    }
}

extension Policy {
    /// What the rules say to a call of a tool of the administrator's own.
    ///
    /// - Parameter values: By the arguments' names; what is left out has its default, or leaves its words out.
    package func judge(tool name: String, _ values: [String: String]) -> Verdict {
        if let denial { return .denied(denial) }
        guard let command = ownCommands[name] else {
            return .denied(
                Refusal(
                    .notAllowed, message: "There is no tool \"\(name.prefix(64))\" in the rules.",
                    alternative: "tools/list names the tools."))
        }
        do throws(Refusal) {
            let match = try command.match(values, settings)
            try check(match)
            return verdict(match.rule, match.rule.grant(match, digest: digest))
        } catch {
            return .denied(error)
        }
    }

    /// The grant of a tool's prerequisite; `nil` where it has none.
    package func prerequisite(ofTool name: String) -> Grant? {
        guard denial == nil, let rule = ownCommands[name]?.prerequisite else { return nil }
        let elements = rule.pattern.elements
        let match = Match(rule: rule, arguments: elements.map { .text($0.text) }, elements: elements)
        return rule.grant(match, digest: digest)
    }

    /// What holds for every line holds for these: the grammar's limits, blocked patterns, protected targets.
    private func check(_ match: Match) throws(Refusal) {
        let words = [match.rule.pattern.program] + match.arguments.map(\.text)
        _ = try CommandLine(CommandLine.render(words))
        if let blocked = settings.blocked.firstMatch(in: words.joined(separator: " ")) { throw Self.blocked(blocked) }
        if let refusal = protection(of: match) { throw refusal }
    }
}

extension OwnCommand {
    /// The command of one call: a rule with exactly its words.
    fileprivate func match(_ values: [String: String], _ settings: PolicySettings) throws(Refusal) -> Policy.Match {
        var arguments: [GrantedArgument] = []
        var elements: [CommandPattern.Element] = []
        for group in groups where try !isLeftOut(group, values) {
            for word in group.words {
                elements.append(word.element)
                switch word {
                case .literal(let text): arguments.append(.text(text))
                case .argument(let argument, let prefix):
                    let value = values[argument.name] ?? argument.fallback ?? ""
                    arguments.append(try argument.read(value, prefix: prefix, settings))
                }
            }
        }
        var rule = rule
        rule.pattern = CommandPattern(program: rule.pattern.program, elements: elements)
        return Policy.Match(rule: rule, arguments: arguments, elements: elements)
    }

    private func isLeftOut(_ group: Group, _ values: [String: String]) throws(Refusal) -> Bool {
        var given: [String] = []
        var missing: [String] = []
        for case .argument(let argument, _) in group.words {
            let isThere = (values[argument.name] ?? argument.fallback) != nil
            if isThere { given.append(argument.name) } else { missing.append(argument.name) }
        }
        guard let name = missing.first else { return false }
        if group.isOptional, given.isEmpty { return true }
        throw Refusal(
            .invalidArguments, message: "The argument '\(name)' is missing.",
            alternative: given.isEmpty ? "Give '\(name)'." : "Give '\(name)' together with '\(given[0])'.")
    }
}
