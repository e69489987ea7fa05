package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON
import Wire

/// `docker_restart`: restarts a container, and waits until it is well.
package struct DockerRestartTool: Tool {
    private static let container = Argument<String>.text(
        "container", "The container's name or id, as docker_ps shows it.", maximumBytes: 128)
    private static let table = ArgumentTable(container)
    private static let restartTimeout = Duration.seconds(60)
    private static let logTimeout = Duration.seconds(5)
    private static let shownLines = 8

    private let runner: Runner
    private let settings: ToolSettings.ToolEntry

    package init(runner: Runner, settings: ToolSettings.ToolEntry) {
        (self.runner, self.settings) = (runner, settings)
    }

    package let definition = ToolDefinition(
        name: ToolName.dockerRestart.rawValue, title: "Restart a container",
        description: """
            Restarts one Docker container and waits until it runs and stays so, or until its health check passes. Use it \
            after docker_ps and docker_logs have shown what is wrong. Answers with its state before and after; it fails \
            when the container ends again or becomes unhealthy.
            """,
        inputSchema: Self.table.schema, readOnly: false, destructive: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.dockerRestart) { () throws(Refusal) in
            let name = try ArgumentReader(arguments, table: Self.table).read(Self.container)
            let docker = DockerCommand(runner: runner, policy: policy)
            return .judged(
                policy.judge(.dockerRestart(name)), command: "docker restart \(name)", approval: settings.approval
            ) { grant in
                ReadyCall(grant) { context in restart(docker, name, grant, context) }
            }
        }
    }

    private func restart(
        _ docker: DockerCommand, _ name: String, _ grant: Grant, _ context: ToolContext
    ) -> ToolReport {
        let limit = settings.timeout ?? Self.restartTimeout
        let deadline = ContinuousClock.now + limit
        let watch = ContainerWatch(docker: docker, name: name, cancellation: context.cancellation)
        let before = watch.look()
        var metadata: [String: JSONValue] = ["container": .string(name), "effect": .string(grant.effect.rawValue)]
        if let before { metadata["before"] = before.json }
        switch docker.run(grant, timeout: limit, cancellation: context.cancellation, onOutput: nil) {
        case .failed(let sentence, let run):
            let failure = ToolResult.failure(
                sentence, output: rival(of: watch, docker, context.cancellation) ?? "", metadata: metadata)
            return ToolReport(failure, run: run)
        case .printed(_, let run):
            let (outcome, after) = watch.waitUntilWell(until: deadline)
            if let after { metadata["after"] = after.json }
            let was = before.map { "\nBefore: \($0.summary)" } ?? ""
            let text = "\(name): \(after?.summary ?? "restarted")\(was)"
            guard let sentence = outcome.failure(name, limit) else {
                return ToolReport(.success(text, metadata: metadata), run: run)
            }
            let log = ContainerLog(docker: docker, timeout: Self.logTimeout)
            let last = outcome.isItsOwn ? log.last(Self.shownLines, of: name, context.cancellation) : []
            let said = last.isEmpty ? "" : "\nIt said last:\n" + last.joined(separator: "\n")
            return ToolReport(.failure(sentence, output: text + said, metadata: metadata), run: run)
        }
    }

    /// Which other container has the port that it wants; `nil` where it fails for another reason.
    private func rival(of watch: ContainerWatch, _ docker: DockerCommand, _ cancellation: Cancellation) -> String? {
        guard let error = watch.look()?.error, let port = DockerProblem.takenPort(in: error).flatMap({ UInt16($0) }),
            let holder = PublishedPorts(docker: docker, cancellation: cancellation).container(publishing: port)
        else { return nil }
        return "Port \(port) is taken by the container \(holder.name)."
    }
}
