package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON
import Systemd

/// `docker_logs`: the last lines a container printed.
package struct DockerLogsTool: Tool {
    private let container = Argument<String>.text(
        "container", "The container's name or id, as docker_ps shows it.", maximumBytes: 128)
    private static let since = Argument<String?>.optionalText(
        "since", "Only lines from then on: \(LogMoment.wanted).", maximumBytes: 64)
    private static let until = Argument<String?>.optionalText(
        "until", "Only lines up to then, said like since.", maximumBytes: 64)
    private static let pattern = Argument<String?>.optionalText(
        "pattern", "Only lines that have this text, capital or small; alternatives with | between them.",
        maximumBytes: LogPattern.maximumBytes)
    private let tail: Argument<Int>
    private let table: ArgumentTable
    private let runner: Runner
    private let settings: ToolSettings.ToolEntry

    package let definition: ToolDefinition

    package init(runner: Runner, settings: ToolSettings.ToolEntry, logs: ToolSettings.Logs) {
        (self.runner, self.settings) = (runner, settings)
        tail = Argument<Int>.integer(
            "tail", "How many of the last lines.", in: 1...logs.maximumLines, default: logs.defaultLines)
        table = ArgumentTable(container, tail, Self.since, Self.until, Self.pattern)
        definition = ToolDefinition(
            name: ToolName.dockerLogs.rawValue, title: "Read a container's log",
            description: """
                Gives the last lines a Docker container printed, each with its time and whether it came on stdout or \
                stderr. Use it when a container is down, restarting or unhealthy. docker_ps gives the names.
                """,
            inputSchema: table.schema, readOnly: true, idempotent: true)
    }

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.dockerLogs) { () throws(Refusal) in
            let reader = try ArgumentReader(arguments, table: table)
            let name = try reader.read(container)
            var query = LogQuery(lines: try reader.read(tail))
            try query.readWindow(since: try reader.read(Self.since), until: try reader.read(Self.until))
            if let pattern = try reader.read(Self.pattern) { query.pattern = try LogPattern(pattern) }
            let log = ContainerLog(docker: DockerCommand(runner: runner, policy: policy), timeout: settings.timeout)
            return .judged(
                policy.judge(ContainerLog.command(name, query)),
                command: "docker logs --tail \(query.lines) \(name)", approval: settings.approval
            ) { [query] grant in
                ReadyCall(grant) { context in Self.report(log.read(grant, query, context.cancellation), name, query) }
            }
        }
    }

    private static func report(_ answer: ContainerLog.Answer, _ name: String, _ query: LogQuery) -> ToolReport {
        switch answer {
        case .failed(let sentence, let run): return ToolReport(.failure(sentence), run: run)
        case .read(let page, let run):
            var lines = page.lines.texts
            if lines.isEmpty { lines = [nothing(of: name, query)] }
            if page.older == .some { lines.append("(there are older lines)") }
            let metadata: [String: JSONValue] = [
                "container": .string(name), "lines": JSONValue(page.lines.count),
                "stderr_lines": JSONValue(page.errorLines), "cut": JSONValue(page.older != .none),
            ]
            return ToolReport(.success(lines.joined(separator: "\n"), metadata: metadata), run: run)
        }
    }

    private static func nothing(of name: String, _ query: LogQuery) -> String {
        query.pattern == nil && !query.hasWindow
            ? "The container '\(name)' has printed nothing." : "The container '\(name)' has printed nothing that fits."
    }
}
