import ExecutorAPI

/// The rules of one program as a tree over their arguments: finding a match costs the same with ten rules or
/// ten thousand.
struct RuleTree: Sendable {
    private var literals: [String: RuleTree] = [:]
    /// What a kind follows in its own argument, and the kinds that follow it.
    private var kinds: [String: [Branch]] = [:]
    /// The lengths of the keys of `kinds`, in bytes: a word is cut at each, and what is before the cut looked up.
    private var prefixLengths: [Int] = []
    private var ends = RuleEnds()

    private struct Branch: Sendable {
        let kind: ArgumentKind
        var tree: RuleTree
    }

    mutating func insert(_ rule: Rule, _ elements: ArraySlice<CommandPattern.Element>) {
        guard let element = elements.first else { return ends.insert(rule) }
        switch element {
        case .literal(let text): literals[text, default: RuleTree()].insert(rule, elements.dropFirst())
        case .kind(let kind, let prefix):
            var branches = kinds.removeValue(forKey: prefix) ?? []
            let index = branches.firstIndex { $0.kind == kind } ?? branches.endIndex
            if index == branches.endIndex { branches.append(Branch(kind: kind, tree: RuleTree())) }
            branches[index].tree.insert(rule, elements.dropFirst())
            kinds[prefix] = branches
            if !prefixLengths.contains(prefix.utf8.count) { prefixLengths.append(prefix.utf8.count) }
        }
    }

    /// Calls `found` with each match.
    ///
    /// - Parameter refused: Takes what was of the right kind and is refused all the same.
    func match(
        _ words: ArraySlice<String>, _ before: [GrantedArgument], _ settings: PolicySettings,
        refused: inout Refusal?, found: (Policy.Match) -> Void
    ) {
        guard let word = words.first else {
            ends.forEachMatch(before, found)
            return
        }
        literals[word]?.match(words.dropFirst(), before + [.text(word)], settings, refused: &refused, found: found)
        for length in prefixLengths where length <= word.utf8.count {
            let (prefix, rest) = (String(word.utf8.prefix(length)) ?? "", String(word.utf8.dropFirst(length)) ?? "")
            for branch in kinds[prefix] ?? [] {
                switch branch.kind.read(rest, prefix: prefix, settings: settings) {
                case .argument(let argument):
                    branch.tree.match(
                        words.dropFirst(), before + [argument], settings, refused: &refused, found: found)
                case .refused(let refusal): refused = refused ?? refusal
                case .mismatch: break
                }
            }
        }
    }
}

/// Rules with the same arguments: by the one unit each names, where it names one.
private struct RuleEnds: Sendable {
    private var byUnit: [String: [Rule]] = [:]
    private var others: [Rule] = []

    mutating func insert(_ rule: Rule) {
        if rule.units.count == 1, !rule.units[0].contains("*") {
            byUnit[rule.units[0], default: []].append(rule)
        } else {
            others.append(rule)
        }
    }

    func forEachMatch(_ arguments: [GrantedArgument], _ found: (Policy.Match) -> Void) {
        func tryRule(_ rule: Rule) {
            let match = Policy.Match(rule: rule, arguments: arguments, elements: rule.pattern.elements)
            if rule.allowsUnits(match) { found(match) }
        }
        others.forEach(tryRule)
        // They have one pattern, so what is a unit to one is a unit to all.
        guard let rule = byUnit.first?.value.first else { return }
        let shape = Policy.Match(rule: rule, arguments: arguments, elements: rule.pattern.elements)
        for unit in Set(shape.values(of: .unit)) { byUnit[UnitName(unit)?.text ?? ""]?.forEach(tryRule) }
    }
}
