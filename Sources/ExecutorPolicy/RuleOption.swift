import ExecutorAPI

/// An option a rule takes at most once, anywhere among its arguments.
struct RuleOption: Sendable, Hashable {
    /// Spellings of the same: `--tail {count} | --tail={count}`. Each begins with words of its own.
    let spellings: [[CommandPattern.Element]]
    /// As the administrator wrote it.
    let text: String
    /// Whether it is one of those of which a request has at least one.
    let isOneOf: Bool

    /// Whether a spelling gives nothing but numbers: `--tail {count}`, and not `--force`.
    static func isNumber(_ spelling: [CommandPattern.Element]) -> Bool {
        let kinds = spelling.compactMap { if case .kind(let kind, _) = $0 { kind } else { nil } }
        return !kinds.isEmpty && kinds.allSatisfy(\.isNumber)
    }

    /// Options of one rule.
    static let maximum = 16

    /// - Parameter program: Which grammar says what a `*` is.
    init(_ text: String, program: String, isOneOf: Bool) throws(CommandPattern.Fault) {
        let fault = CommandPattern.Fault(
            problem: "\"\(text)\" is no option", remedy: "write such as \"--tail {count} | --tail={count}\"")
        var spellings: [[CommandPattern.Element]] = []
        for spelling in text.split(separator: "|") {
            let elements = try CommandPattern("\(program) \(spelling)").elements
            switch elements.first {
            case .literal: break
            case .kind(_, let prefix) where !prefix.isEmpty: break
            default: throw fault
            }
            spellings.append(elements)
        }
        if spellings.isEmpty { throw fault }
        (self.spellings, self.text, self.isOneOf) = (spellings, text, isOneOf)
    }
}

/// Finds a rule's arguments and its options in the words of a request, in whatever order the options stand.
struct OptionMatcher {
    let rule: Rule
    let settings: PolicySettings
    /// What was of the right kind and is refused all the same.
    private(set) var refused: Refusal?

    init(_ rule: Rule, _ settings: PolicySettings) { (self.rule, self.settings) = (rule, settings) }

    /// The arguments as granted, and the element each one answers; `nil` where the words are not the rule's.
    mutating func match(_ words: [String]) -> Policy.Match? {
        let most = rule.options.reduce(rule.pattern.elements.count) { $0 + ($1.spellings.map(\.count).max() ?? 0) }
        guard words.count <= most else { return nil }
        return match(
            words[...], rule.pattern.elements[...], used: [], Policy.Match(rule: rule, arguments: [], elements: []))
    }

    private mutating func match(
        _ words: ArraySlice<String>, _ elements: ArraySlice<CommandPattern.Element>, used: Set<Int>,
        _ soFar: Policy.Match
    ) -> Policy.Match? {
        if words.isEmpty {
            guard elements.isEmpty, isEnough(used) else { return nil }
            return rule.allowsUnits(soFar) ? soFar : nil
        }
        if mayStand(before: elements) {
            for (index, option) in rule.options.enumerated() where !used.contains(index) {
                for spelling in option.spellings {
                    guard var next = read(words, spelling, soFar) else { continue }
                    if !RuleOption.isNumber(spelling) { next.hasFlags = true }
                    let rest = words.dropFirst(spelling.count)
                    if let found = match(rest, elements, used: used.union([index]), next) { return found }
                }
            }
        }
        guard let element = elements.first, let next = read(words, [element], soFar) else { return nil }
        return match(words.dropFirst(), elements.dropFirst(), used: used, next)
    }

    /// An option never parts another from its value (`-u -n 5 nginx` asks for the unit `-n`), nor comes before the verb
    /// of a program whose options mean something else there (`docker -t logs`).
    private func mayStand(before rest: ArraySlice<CommandPattern.Element>) -> Bool {
        let before = rule.pattern.elements.prefix(rule.pattern.elements.count - rest.count)
        if case .kind(_, prefix: "")? = rest.first, case .literal(let text)? = before.last, text.hasPrefix("-") {
            return false
        }
        return rule.takesLeadingOptions || !rest.contains { $0.isVerb } || before.contains { !$0.isVerb }
    }

    private func isEnough(_ used: Set<Int>) -> Bool {
        let needed = rule.options.indices.filter { rule.options[$0].isOneOf }
        return needed.isEmpty || needed.contains { used.contains($0) }
    }

    private mutating func read(
        _ words: ArraySlice<String>, _ elements: [CommandPattern.Element], _ soFar: Policy.Match
    ) -> Policy.Match? {
        guard words.count >= elements.count else { return nil }
        var match = soFar
        for (word, element) in zip(words, elements) {
            guard let argument = read(word, element) else { return nil }
            match.arguments.append(argument)
            match.elements.append(element)
        }
        return match
    }

    private mutating func read(_ word: String, _ element: CommandPattern.Element) -> GrantedArgument? {
        switch element {
        case .literal(let text): return word == text ? .text(word) : nil
        case .kind(let kind, let prefix):
            guard word.hasPrefix(prefix) else { return nil }
            switch kind.read(String(word.dropFirst(prefix.count)), prefix: prefix, settings: settings) {
            case .argument(let argument): return argument
            case .refused(let refusal): refused = refused ?? refusal
            case .mismatch: break
            }
            return nil
        }
    }
}
