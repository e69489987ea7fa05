import ExecutorAPI

/// One entry of the allowlist, compiled.
struct Rule: Sendable {
    let id: RuleID
    let pattern: CommandPattern
    /// As the administrator wrote it.
    let text: String
    let executable: String
    let effect: Effect
    let approval: ApprovalLevel?
    let justification: String?
    /// Which units it is for; empty for any.
    let units: [String]
    let runAs: RunAs
    let timeout: Duration
    let limits: ResourceLimits
    let sandbox: Sandbox
    let workingDirectory: String?
    let delivery: GrantedFile.Delivery

    /// A tool's time when neither the rule nor the caller says one (the plan).
    static let standardTimeout = Duration.seconds(30)

    /// The grant for a request whose arguments matched.
    func grant(_ arguments: [GrantedArgument], digest: String) -> Grant {
        let delivered = arguments.map { argument -> GrantedArgument in
            guard case .file(let file) = argument else { return argument }
            return .file(GrantedFile(root: file.root, relative: file.relative, delivery: delivery))
        }
        let all = [.text(pattern.program)] + delivered
        return Grant(
            rule: id, executable: executable, arguments: all, command: CommandLine.render(all.map(\.text)),
            effect: effect, runAs: runAs, timeout: timeout, limits: limits, sandbox: sandbox,
            workingDirectory: workingDirectory, policyDigest: digest)
    }

    /// Whether every unit among the arguments is one the rule is for.
    func allowsUnits(_ arguments: [GrantedArgument]) -> Bool {
        if units.isEmpty { return true }
        for (element, argument) in zip(pattern.elements, arguments) {
            guard case .kind(.unit, let prefix) = element, case .text(let text) = argument else { continue }
            guard let unit = UnitName(String(text.dropFirst(prefix.count))), units.contains(where: unit.matches) else {
                return false
            }
        }
        return true
    }
}

extension GrantedArgument {
    /// As it stands in the command.
    package var text: String {
        switch self {
        case .text(let text): text
        case .file(let file): file.path
        case .url(let url): url.text
        }
    }
}

/// The rules of one program as a tree over their arguments: finding a match costs the same with ten rules or
/// ten thousand.
struct RuleTree: Sendable {
    private var literals: [String: RuleTree] = [:]
    private var kinds: [(kind: ArgumentKind, prefix: String, tree: RuleTree)] = []
    /// Rules that end here.
    private var rules: [Rule] = []

    mutating func insert(_ rule: Rule, _ elements: ArraySlice<CommandPattern.Element>) {
        guard let element = elements.first else { return rules.append(rule) }
        switch element {
        case .literal(let text): literals[text, default: RuleTree()].insert(rule, elements.dropFirst())
        case .kind(let kind, let prefix):
            let index = kinds.firstIndex { $0.kind == kind && $0.prefix == prefix }
            if index == nil { kinds.append((kind, prefix, RuleTree())) }
            kinds[index ?? kinds.count - 1].tree.insert(rule, elements.dropFirst())
        }
    }

    /// Calls `found` with each rule that matches and the arguments as granted.
    ///
    /// - Parameter refused: Takes what was of the right kind and is refused all the same.
    func match(
        _ words: ArraySlice<String>, _ before: [GrantedArgument], _ settings: PolicySettings,
        refused: inout Refusal?, found: (Rule, [GrantedArgument]) -> Void
    ) {
        guard let word = words.first else {
            for rule in rules where rule.allowsUnits(before) { found(rule, before) }
            return
        }
        literals[word]?.match(words.dropFirst(), before + [.text(word)], settings, refused: &refused, found: found)
        for (kind, prefix, tree) in kinds where word.hasPrefix(prefix) {
            switch kind.read(String(word.dropFirst(prefix.count)), prefix: prefix, settings: settings) {
            case .argument(let argument):
                tree.match(words.dropFirst(), before + [argument], settings, refused: &refused, found: found)
            case .refused(let refusal): refused = refused ?? refusal
            case .mismatch: break
            }
        }
    }
}
