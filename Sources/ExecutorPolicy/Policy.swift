import ExecutorAPI

/// Rules whose commands the kernel is to keep from something.
package struct SandboxedRules: Sendable {
    /// By Landlock.
    package let readOnly: [RuleID]
    /// By seccomp.
    package let noSecondExec: [RuleID]
}

/// The rules, read and checked. Judging is a pure function of it and the request.
package struct Policy: Sendable {
    /// SHA-256 of the files it was read from, in hexadecimal.
    package let digest: String
    package let ruleCount: Int
    /// What rules ask of the kernel, and which: a machine that lacks it does not run them.
    package let sandboxed: SandboxedRules
    let settings: PolicySettings
    /// By the program's name.
    let trees: [String: RuleTree]
    /// By their ids.
    let rules: [String: Rule]
    /// Rules with options, by the program's name; at most ``maximumRulesWithOptions``, for each is tried.
    let flexible: [String: [Rule]]
    /// Commands of the administrator's own tools, by name: no line reaches them.
    let ownCommands: [String: OwnCommand]
    /// What is accepted, as written, by program: for refusals.
    let forms: [String: [String]]
    /// The first programs with rules, for refusals.
    private let programs: String
    /// Why everything is denied; `nil` for a policy that was read.
    let denial: Refusal?

    init(digest: String, settings: PolicySettings, rules: [Rule], ownCommands: [OwnCommand] = []) {
        (self.digest, self.settings, ruleCount) = (digest, settings, rules.count)
        var trees: [String: RuleTree] = [:]
        for rule in rules where rule.options.isEmpty {
            trees[rule.pattern.program, default: RuleTree()].insert(rule, rule.pattern.elements[...])
        }
        self.trees = trees
        flexible = Dictionary(grouping: rules.filter { !$0.options.isEmpty }, by: \.pattern.program)
        self.ownCommands = Dictionary(ownCommands.map { ($0.name, $0) }) { first, _ in first }
        let all = rules + ownCommands.map(\.rule)
        sandboxed = SandboxedRules(
            readOnly: all.filter(\.sandbox.readOnlyFileSystem).map(\.id),
            noSecondExec: all.filter(\.sandbox.noSecondExec).map(\.id))
        self.rules = Dictionary(rules.map { ($0.id.text, $0) }) { first, _ in first }
        forms = Dictionary(grouping: rules, by: \.pattern.program).mapValues { $0.map(\.text) }
        programs = Self.shown(forms.keys.sorted(), Self.shownPrograms, separator: ", ")
        denial = nil
    }

    private init(denial: Refusal) {
        (digest, settings, ruleCount, programs) = ("", PolicySettings(), 0, "")
        (trees, rules, flexible, forms, ownCommands) = ([:], [:], [:], [:], [:])
        sandboxed = SandboxedRules(readOnly: [], noSecondExec: [])
        self.denial = denial
    }

    /// What is in force when the files were refused.
    package static func denyAll(because reason: String) -> Policy {
        Policy(
            denial: Refusal(
                .policyInvalid, rule: "policy", message: "The rules were refused, so everything is: \(reason)",
                alternative: "An administrator mends the file and reloads the executor."))
    }

    /// What the rules say to one command line.
    package func judge(line: String) -> Verdict {
        if let denial { return .denied(denial) }
        let isBounded = line.utf8.count <= CommandLine.maximumBytes
        if isBounded, let blocked = settings.blocked.firstMatch(in: line) { return .denied(Self.blocked(blocked)) }
        do throws(Refusal) {
            return judge(words: try CommandLine(line).arguments)
        } catch {
            return .denied(error)
        }
    }

    /// The grant a proposal stands for; the caller has seen the approval.
    package func approve(_ proposal: Proposal) -> Grant { proposal.grant }

    /// The rule that protects a unit from every change, or `nil`. A name that is none is protected.
    package func protects(unit: String) -> String? {
        guard let unit = UnitName(unit) else { return "protected/unit" }
        return settings.protectedUnits.first { unit.resembles($0) }.map { "protected/\($0)" }
    }

    func judge(words: [String]) -> Verdict {
        switch decide(words) {
        case .failure(let refusal): .denied(refusal)
        case .success(let match): verdict(match.rule, match.rule.grant(match, digest: digest))
        }
    }

    /// The rule that decides, and the arguments as it takes them.
    struct Match {
        let rule: Rule
        var arguments: [GrantedArgument]
        /// What each argument answers.
        var elements: [CommandPattern.Element]
        /// Whether an option stands among them that is more than a number.
        var hasFlags = false

        /// The arguments of a kind, without what the rule has before it in the same word.
        func values(of wanted: ArgumentKind) -> [String] {
            zip(elements, arguments).compactMap { element, argument in
                guard case .kind(wanted, let prefix) = element else { return nil }
                return String(argument.text.dropFirst(prefix.count))
            }
        }
    }

    /// Blocked patterns, then the rules of the program, then protected targets. Of several rules that match,
    /// the one that asks for the most decides.
    func decide(_ words: [String]) -> Result<Match, Refusal> {
        if let denial { return .failure(denial) }
        if let blocked = settings.blocked.firstMatch(in: words.joined(separator: " ")) {
            return .failure(Self.blocked(blocked))
        }
        guard let program = words.first, forms[program] != nil else {
            return .failure(unknownProgram(words.first ?? ""))
        }
        var refused: Refusal?
        var match: Match?
        forEachMatch(program, words, &refused) { found in
            if match.map({ Self.isStricter(found.rule, than: $0.rule) }) ?? true { match = found }
        }
        guard let match else { return .failure(refused ?? noRule(words)) }
        if let refusal = protection(of: match) { return .failure(refusal) }
        return .success(match)
    }

    private func forEachMatch(
        _ program: String, _ words: [String], _ refused: inout Refusal?, _ found: (Match) -> Void
    ) {
        trees[program]?.match(words.dropFirst(), [], settings, refused: &refused, found: found)
        for rule in flexible[program] ?? [] {
            var matcher = OptionMatcher(rule, settings)
            if let match = matcher.match(Array(words.dropFirst())) { found(match) }
            refused = refused ?? matcher.refused
        }
    }

    func verdict(_ rule: Rule, _ grant: Grant) -> Verdict {
        guard let level = rule.approval else { return .allowed(grant) }
        return .needsApproval(Proposal(level: level, justification: rule.justification, grant: grant))
    }

    private static func isStricter(_ rule: Rule, than other: Rule) -> Bool {
        let order: [ApprovalLevel?] = [nil, .user, .operator, .totp]
        return (order.firstIndex(of: rule.approval) ?? 0) > (order.firstIndex(of: other.approval) ?? 0)
    }

    /// A change of a protected unit is refused whatever the rule says.
    func protection(of match: Match) -> Refusal? {
        for name in Self.changedUnits(match) {
            guard let rule = protects(unit: name) else { continue }
            return Refusal(
                .protected, rule: rule, message: "\(name) is protected: nothing here may change it.",
                alternative: "Its state and logs can be read; an administrator can change it on the server.")
        }
        return nil
    }

    /// The units a command changes, by what its program does and not by what its rule says it does.
    private static func changedUnits(_ match: Match) -> [String] {
        let name = match.rule.pattern.program.split(separator: "/").last.map(String.init) ?? ""
        let words = match.arguments.map(\.text)
        if name == "systemctl" {
            guard ProgramTable.grammars[name]?.effect(words) != .read else { return [] }
            let plain = words.filter { !$0.hasPrefix("-") }
            // `systemctl reboot` starts reboot.target.
            return plain.count == 1 ? [plain[0] + ".target"] : Array(plain.dropFirst())
        }
        guard match.rule.effect == .change else { return [] }
        // What a rule has before a unit may be a part of its name: `php{unit}`.
        let whole = zip(match.elements, words).compactMap { $0.isUnit && UnitName($1) != nil ? $1 : nil }
        return match.values(of: .unit) + whole
    }
}

// The sentences of refusals.
extension Policy {
    private static let shownForms = 6
    private static let shownPrograms = 40

    static func blocked(_ name: String) -> Refusal {
        Refusal(
            .blocked, rule: "blocked/\(name)", message: "The command has the pattern \(name), which is always blocked.",
            alternative: "No spelling of it is accepted; say what you want to reach, and look for another way.")
    }

    private func unknownProgram(_ name: String) -> Refusal {
        Refusal(
            .notAllowed, message: "No rule allows the program \"\(name.prefix(64))\".",
            alternative: "The programs with rules are: \(programs).")
    }

    private func noRule(_ words: [String]) -> Refusal {
        let forms = forms[words[0]] ?? []
        return Refusal(
            .notAllowed, message: "No rule allows \"\(CommandLine.render(words).prefix(256))\".",
            alternative: "With \(words[0]) these are allowed: \(Self.shown(forms, Self.shownForms, separator: " · ")).")
    }

    private static func shown(_ names: [String], _ limit: Int, separator: String) -> String {
        let rest = names.count > limit ? "\(separator)and \(names.count - limit) more" : ""
        return names.prefix(limit).joined(separator: separator) + rest
    }
}
