import ExecutorAPI

/// One entry of the allowlist, compiled.
struct Rule: Sendable {
    let id: RuleID
    var pattern: CommandPattern
    /// What may stand among the pattern's arguments; empty for most rules, which are found through a tree.
    let options: [RuleOption]
    /// Whether they may stand before its verb too.
    let takesLeadingOptions: Bool
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
    /// Arguments that stand before those of the line (see ``ProgramGrammar/safety``).
    let safety: [String]
    /// Beside what every child has in its environment.
    var environment: [String: String] = [:]

    /// A tool's time when neither the rule nor the caller says one (the plan).
    static let standardTimeout = Duration.seconds(30)

    /// The grant for a request that matched.
    ///
    /// - Parameters:
    ///   - form: The arguments that run, where a tool runs it otherwise than the line says.
    ///   - program: What runs instead of the rule's program, for a form that needs another.
    func grant(
        _ match: Policy.Match, form: [GrantedArgument]? = nil, program: (name: String, path: String)? = nil,
        digest: String
    ) -> Grant {
        let delivered = (form ?? match.arguments).map { argument -> GrantedArgument in
            guard case .file(let file) = argument else { return argument }
            return .file(GrantedFile(root: file.root, relative: file.relative, delivery: delivery))
        }
        let safety = program == nil ? safety : []
        let all = [.text(program?.name ?? pattern.program)] + safety.map { .text($0) } + delivered
        let command = CommandLine.render(all.map(\.text))
        return Grant(
            rule: id, target: match.target ?? command, executable: program?.path ?? executable, arguments: all,
            command: command,
            effect: effect, runAs: runAs, timeout: timeout, limits: limits, sandbox: sandbox,
            workingDirectory: workingDirectory, environment: environment, policyDigest: digest)
    }

    /// Whether every unit among the arguments is one the rule is for.
    func allowsUnits(_ match: Policy.Match) -> Bool {
        units.isEmpty || match.values(of: .unit).allSatisfy { UnitName($0).map(isFor) ?? false }
    }

    func isFor(_ unit: UnitName) -> Bool { units.isEmpty || units.contains(where: unit.matches) }
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
