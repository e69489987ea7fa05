package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON

/// `docker_logs`: the last lines a container printed.
package struct DockerLogsTool: Tool {
    private let container = Argument<String>.text(
        "container", "The container's name or id, as docker_ps shows it.", maximumBytes: 128)
    private let tail: Argument<Int>
    private let table: ArgumentTable
    private let runner: Runner
    private let settings: ToolSettings.ToolEntry

    package let definition: ToolDefinition

    package init(runner: Runner, settings: ToolSettings.ToolEntry, logs: ToolSettings.Logs) {
        (self.runner, self.settings) = (runner, settings)
        tail = Argument<Int>.integer(
            "tail", "How many of the last lines.", in: 1...logs.maximumLines, default: logs.defaultLines)
        table = ArgumentTable(container, tail)
        definition = ToolDefinition(
            name: ToolName.dockerLogs.rawValue, title: "Read a container's log",
            description: """
                Gives the last lines a Docker container printed on both its streams, each with its time. Use it when a \
                container is down, restarting or unhealthy. docker_ps gives the names.
                """,
            inputSchema: table.schema, readOnly: true, idempotent: true)
    }

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.dockerLogs) { () throws(Refusal) in
            let reader = try ArgumentReader(arguments, table: table)
            let name = try reader.read(container)
            let lines = try reader.read(tail)
            let docker = DockerCommand(runner: runner, policy: policy)
            return .judged(
                policy.judge(.dockerLogs(name, lines: lines)), command: "docker logs --tail \(lines) \(name)",
                approval: settings.approval
            ) { grant in
                ReadyCall(grant) { context in read(docker, name, grant, context) }
            }
        }
    }

    private func read(
        _ docker: DockerCommand, _ name: String, _ grant: Grant, _ context: ToolContext
    ) -> ToolReport {
        let answer = docker.run(
            grant, timeout: settings.timeout, cancellation: context.cancellation, onOutput: context.progress)
        switch answer {
        case .failed(let sentence, let run): return ToolReport(.failure(sentence), run: run)
        case .printed(let output, let run):
            let lines = ContainerLog.lines(output)
            let text = lines.isEmpty ? "The container '\(name)' has printed nothing." : lines.joined(separator: "\n")
            let metadata: [String: JSONValue] = [
                "container": .string(name), "lines": JSONValue(lines.count), "cut": JSONValue(run.isOutputCut),
            ]
            return ToolReport(.success(text, metadata: metadata), run: run)
        }
    }
}

/// Lines of `docker logs --timestamps`.
package enum ContainerLog {
    /// A longer line is cut.
    private static let longestLine = 2000

    /// The lines in the order of their times: the two streams come by two pipes, and overtake each other.
    package static func lines(_ output: String) -> [String] {
        let lines = output.split(separator: "\n")
        let times = lines.map { $0.prefix { $0 != " " } }
        let order = lines.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        let areTimes = times.allSatisfy { $0.utf8.count == 30 && $0.hasSuffix("Z") }
        return (areTimes ? order : Array(lines.indices)).map { line(lines[$0]) }
    }

    /// With its time to the second: docker gives it to the nanosecond.
    package static func line(_ line: Substring) -> String {
        let safe = PrintableText.line(line, limit: longestLine)
        guard let blank = safe.firstIndex(of: " "), let point = safe[..<blank].firstIndex(of: "."),
            safe[..<blank].hasSuffix("Z"), safe[..<point].utf8.count == 19
        else { return safe }
        return "\(safe[..<point])Z\(safe[blank...])"
    }
}
