package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON

/// `run_command`: one command line of the allowlist.
package struct RunCommandTool: Tool {
    private static let command = Argument<String>.text(
        "command", "One command line, such as `df -h` or `systemctl status nginx`; no shell reads it.")
    private static let timeout = Argument<Int?>.optionalInteger(
        "timeout", "Seconds the command may take: at most what its rule allows, which is 30 unless it says more.",
        in: 1...300)
    private static let table = ArgumentTable(command, timeout)

    private let runner: Runner
    private let settings: ToolSettings.ToolEntry
    private let units: UnitCommands

    package init(runner: Runner, settings: ToolSettings.ToolEntry, units: UnitCommands) {
        (self.runner, self.settings, self.units) = (runner, settings, units)
    }

    package let definition = ToolDefinition(
        name: ToolName.runCommand.rawValue, title: "Run a command",
        description: """
            Runs one command of the administrator's allowlist and gives its output. There is no shell: no pipes, \
            redirections, variables or wildcards. Prefer the tool made for the question (check_service, read_logs, \
            check_port, docker_ps, system_health); use this for the rest, such as `systemctl stop apache2`, `du -sh \
            /var/log` or `dig example.org`. A refusal names what would be accepted.
            """,
        inputSchema: Self.table.schema, readOnly: false, destructive: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.runCommand) { () throws(Refusal) in
            let reader = try ArgumentReader(arguments, table: Self.table)
            let line = try reader.read(Self.command)
            let limit = try reader.read(Self.timeout).map { Duration.seconds($0) } ?? settings.timeout
            let verdict = policy.judge(line: line)
            if case .denied(let refusal) = verdict { return .refused(refusal, command: line) }
            if let (verb, unit) = UnitCommands.change(in: line) {
                return units.change(verb, unit, policy, settings.approval)
            }
            return .judged(verdict, command: line, approval: settings.approval) { grant in
                ReadyCall(grant) { context in run(grant, limit, policy, context) }
            }
        }
    }

    private func run(
        _ grant: Grant, _ timeout: Duration?, _ policy: Policy, _ context: ToolContext
    ) -> ToolReport {
        if let unit = UnitCommands.status(in: grant), var result = units.status(unit, policy, context) {
            result.metadata["command"] = .string(grant.command)
            result.metadata["effect"] = .string(grant.effect.rawValue)
            return ToolReport(result)
        }
        return CommandRun(runner: runner).report(grant, timeout: timeout, context)
    }
}

/// How `systemctl start|stop|restart|status` is done by the code of the service tools.
package struct UnitCommands: Sendable {
    /// Judges and prepares the change of a unit: over the bus, or as `tools.json` defines it.
    package var change: @Sendable (UnitVerb, String, Policy, ApprovalLevel?) -> Preparation
    /// The state of a unit where `systemctl` has nobody to ask; `nil` where it has.
    package var status: @Sendable (String, Policy, ToolContext) -> ToolResult?

    package init(
        change: @escaping @Sendable (UnitVerb, String, Policy, ApprovalLevel?) -> Preparation,
        status: @escaping @Sendable (String, Policy, ToolContext) -> ToolResult?
    ) {
        (self.change, self.status) = (change, status)
    }

    /// `systemctl VERB UNIT`, for the verbs that change a unit.
    static func change(in line: String) -> (UnitVerb, String)? {
        guard let words = try? CommandLine(line).arguments, words.count == 3, words[0] == "systemctl",
            let verb = UnitVerb(rawValue: words[1])
        else { return nil }
        return (verb, words[2])
    }

    /// The unit of `systemctl status UNIT`.
    static func status(in grant: Grant) -> String? {
        let words = grant.words
        return grant.programName == "systemctl" && words.count == 3 && words[1] == "status" ? words[2] : nil
    }
}
