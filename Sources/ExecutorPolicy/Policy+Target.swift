package import ExecutorAPI

extension Rule {
    /// What a standing approval of this rule can be for.
    enum TargetKind: Sendable { case unit, container, command }

    /// A unit or a container where nothing else of the command is free but numbers; else the command itself.
    var targetKind: TargetKind {
        var kind = TargetKind.command
        for case .kind(let element, _) in pattern.elements {
            switch element {
            case .count, .duration: continue
            case .unit where kind == .command: kind = .unit
            case .container where kind == .command: kind = .container
            default: return .command
            }
        }
        return kind
    }

    /// The unit or container among the arguments; `nil` where the target is the whole command.
    func target(_ arguments: [GrantedArgument]) -> String? {
        guard targetKind != .command else { return nil }
        let names = zip(pattern.elements, arguments).compactMap { element, argument -> String? in
            guard case .kind(let kind, let prefix) = element, [.unit, .container].contains(kind) else { return nil }
            let text = String(argument.text.dropFirst(prefix.count))
            return kind == .unit ? UnitName(text)?.text : text
        }
        return names.first
    }
}

extension Policy {
    /// The target that a command of a rule has (``Proposal/target``), from what an operator wrote for it.
    ///
    /// - Throws: where there is no such rule, it takes no standing approval, or the text can be no target of it.
    package func target(_ text: String, ofRule id: String) throws(Refusal) -> String {
        if let denial { throw denial }
        guard let rule = rules[id] else {
            if id.hasPrefix("tool/"), ownCommands[String(id.dropFirst(5))] != nil {
                throw Refusal(
                    .approvalRequired, rule: id, message: "A tool of tools.json takes no standing approval from here.",
                    alternative: "A yes in the chat may be given for some minutes; or change its approval in the file.")
            }
            throw Refusal(
                .notAllowed, message: "There is no rule \"\(id.prefix(128))\".",
                alternative: "executorctl explain COMMAND names the rule of a command.")
        }
        guard rule.approval != .totp else {
            throw Refusal(
                .approvalRequired, rule: id, message: "The rule asks for a code each time.",
                alternative: "Give the rule the level operator where a standing approval may do.")
        }
        let target: String? =
            switch rule.targetKind {
            case .unit: UnitName(text).flatMap { rule.isFor($0) ? $0.text : nil }
            case .container: ArgumentKind.isContainer(text) ? text : nil
            case .command: try command(text, of: rule)
            }
        guard let target else {
            throw Refusal(
                .invalidArguments, rule: id, message: "\"\(text.prefix(128))\" is no target of the rule.",
                alternative: "Its command is: \(rule.text)")
        }
        return target
    }

    /// The canonical command, where this rule is the one that decides on it.
    private func command(_ line: String, of rule: Rule) throws(Refusal) -> String? {
        let match = try decide(try CommandLine(line).arguments).get()
        return match.rule.id == rule.id ? match.rule.grant(match.arguments, digest: digest).command : nil
    }
}
