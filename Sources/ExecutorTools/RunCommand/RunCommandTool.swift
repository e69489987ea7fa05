package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON

/// `run_command`: one command line of the allowlist.
package struct RunCommandTool: Tool {
    private static let command = Argument<String>.text(
        "command", "One command line, such as `df -h` or `systemctl status nginx`; no shell reads it.")
    private static let timeout = Argument<Int?>.optionalInteger(
        "timeout", "Seconds the command may take; 30 where neither this nor its rule says.", in: 1...300)
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
            return .judged(policy.judge(line: line), command: line, approval: settings.approval) { grant in
                ReadyCall(grant) { context in run(grant, limit, context) }
            }
        }
    }

    private func run(_ grant: Grant, _ timeout: Duration?, _ context: ToolContext) -> ToolReport {
        units.report(grant, context) ?? CommandRun(runner: runner).report(grant, timeout: timeout, context)
    }
}

/// How `systemctl start|stop|restart|status` is done by the code of the service tools.
package struct UnitCommands: Sendable {
    /// Starts, stops or restarts a unit over the bus.
    package var change: @Sendable (UnitVerb, String, Grant, ToolContext) -> ToolReport
    /// The state of a unit where `systemctl` has nobody to ask; `nil` where systemd is running.
    package var status: (@Sendable (String) -> ToolResult)?

    package init(
        change: @escaping @Sendable (UnitVerb, String, Grant, ToolContext) -> ToolReport,
        status: (@Sendable (String) -> ToolResult)?
    ) {
        (self.change, self.status) = (change, status)
    }

    /// What this answers for a command, or `nil` for one that is to be run.
    func report(_ grant: Grant, _ context: ToolContext) -> ToolReport? {
        let words = grant.words
        guard grant.programName == "systemctl", words.count == 3 else { return nil }
        if let verb = UnitVerb(rawValue: words[1]) { return change(verb, words[2], grant, context) }
        guard words[1] == "status", let status else { return nil }
        var result = status(words[2])
        result.metadata["command"] = .string(grant.command)
        result.metadata["effect"] = .string(grant.effect.rawValue)
        return ToolReport(result)
    }
}
