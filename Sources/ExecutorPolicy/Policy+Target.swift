package import ExecutorAPI

extension Rule {
    /// What a standing approval of this rule can be for.
    enum TargetKind: Sendable { case unit, container, command }

    /// A unit or a container where nothing else of the command is free but numbers; else the command itself.
    var targetKind: TargetKind {
        var kind = TargetKind.command
        for case .kind(let element, _) in pattern.elements {
            switch element {
            case _ where element.isNumber: continue
            case .unit where kind == .command: kind = .unit
            case .container where kind == .command: kind = .container
            default: return .command
            }
        }
        return kind
    }

}

extension Policy.Match {
    /// The unit or container it is about; `nil` where the target is the whole command.
    var target: String? {
        guard !hasFlags else { return nil }
        return switch rule.targetKind {
        case .unit: values(of: .unit).first.flatMap { UnitName($0)?.text }
        case .container: values(of: .container).first
        case .command: nil
        }
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
            case .unit: UnitName(text).map { rule.isFor($0) ? $0.text : nil } ?? (try? command(text, of: rule))
            case .container: ArgumentKind.isContainer(text) ? text : try? command(text, of: rule)
            case .command: try command(text, of: rule)
            }
        guard let target else {
            throw Refusal(
                .invalidArguments, rule: id, message: "\"\(text.prefix(128))\" is no target of the rule.",
                alternative: "Its command is: \(rule.text)")
        }
        return target
    }

    /// The target of a command, where this rule is the one that decides on it.
    private func command(_ line: String, of rule: Rule) throws(Refusal) -> String? {
        let match = try decide(try CommandLine(line).arguments).get()
        return match.rule.id == rule.id ? match.rule.grant(match, digest: digest).target : nil
    }
}
