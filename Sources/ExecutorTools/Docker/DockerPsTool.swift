package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON
import Wire

/// `docker_ps`: all containers, and what is wrong with those that are not well.
package struct DockerPsTool: Tool {
    private static let table = ArgumentTable()
    /// As many are inspected, the unwell first: each takes a start of the client.
    private static let mostInspected = 24
    private static let inspectTimeout = Duration.seconds(5)
    /// As many have their last lines read.
    private static let mostRead = 12
    /// Of each so many: what says why may stand some lines before the end.
    private static let readLines = 20

    private let runner: Runner
    private let settings: ToolSettings.ToolEntry

    package init(runner: Runner, settings: ToolSettings.ToolEntry) {
        (self.runner, self.settings) = (runner, settings)
    }

    package let definition = ToolDefinition(
        name: ToolName.dockerPs.rawValue, title: "List containers",
        description: """
            Lists all Docker containers, also stopped ones: name, state, health, exit code and its meaning, whether it \
            was killed for lack of memory, restarts, image, ports, compose project; and of each that is not well why, \
            with its last lines. Use it to see which container is down or unhealthy. Says so where Docker is not installed or its daemon is not running.
            """,
        inputSchema: Self.table.schema, readOnly: true, idempotent: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.dockerPs) { () throws(Refusal) in
            _ = try ArgumentReader(arguments, table: Self.table)
            let docker = DockerCommand(runner: runner, policy: policy)
            let verdict = policy.judge(.dockerList)
            return .judged(verdict, command: "docker ps -a", approval: settings.approval) { grant in
                ReadyCall(grant) { context in list(docker, grant, context) }
            }
        }
    }

    private func list(_ docker: DockerCommand, _ grant: Grant, _ context: ToolContext) -> ToolReport {
        switch docker.run(grant, timeout: settings.timeout, cancellation: context.cancellation) {
        case .failed(let sentence, let run): return ToolReport(.failure(sentence), run: run)
        case .printed(let output, let run):
            var containers = Container.list(output)
            let order = containers.indices.sorted { containers[$0].urgency > containers[$1].urgency }
            for index in order.prefix(Self.mostInspected) where context.cancellation.reason == nil {
                containers[index].detail = docker.detail(
                    of: containers[index].id, timeout: Self.inspectTimeout, cancellation: context.cancellation)
            }
            let findings = findings(of: containers, docker, context)
            return ToolReport(
                .success(
                    ContainerListing.text(containers, findings: findings, isCut: run.isOutputCut),
                    metadata: ContainerListing.metadata(containers, findings: findings)),
                run: run)
        }
    }

    /// What is wrong, the worst first.
    private func findings(
        of containers: [Container], _ docker: DockerCommand, _ context: ToolContext
    ) -> [ContainerFinding] {
        var findings = containers.compactMap { ContainerFinding($0, among: containers) }
        findings.sort { ($1.grade, $0.container) < ($0.grade, $1.container) }
        let log = ContainerLog(docker: docker, timeout: Self.inspectTimeout)
        let wanting = findings.indices.filter { findings[$0].wantsLines }
        for index in wanting.prefix(Self.mostRead) where context.cancellation.reason == nil {
            findings[index].explain(
                by: log.last(Self.readLines, of: findings[index].container, context.cancellation))
        }
        return findings
    }
}

extension Container {
    /// How likely it is that a closer look finds something.
    fileprivate var urgency: Int {
        if state == "exited" { return exitCode == 0 ? 0 : 2 }
        guard isWell else { return 3 }
        // One that has just been started may be in a loop.
        return status.contains("second") ? 2 : 1
    }
}

/// Containers as text and as metadata.
package enum ContainerListing {
    package static func text(
        _ containers: [Container], findings: [ContainerFinding] = [], isCut: Bool = false
    ) -> String {
        guard !containers.isEmpty else { return "There are no containers." }
        let running = containers.count { $0.state == "running" }
        var lines = ["\(containers.count) container\(containers.count == 1 ? "" : "s"), \(running) running:"]
        lines += findings.flatMap { finding in ["❗ \(finding.text)"] + finding.lines.map { "    \($0)" } }
        lines += (containers.filter { !$0.isWell } + containers.filter(\.isWell)).map(line)
        if isCut { lines.append("The list was too long and is not whole.") }
        return lines.joined(separator: "\n")
    }

    package static func line(_ container: Container) -> String {
        var parts = ["\(container.name) (\(container.id)): \(container.detail?.summary ?? container.state)"]
        if !container.status.isEmpty { parts.append(container.status) }
        parts.append("image \(container.image)")
        if !container.ports.isEmpty { parts.append("ports \(container.ports)") }
        if let project = container.composeProject { parts.append("compose project \(project)") }
        return parts.joined(separator: "; ")
    }

    package static func metadata(
        _ containers: [Container], findings: [ContainerFinding] = []
    ) -> [String: JSONValue] {
        [
            "findings": .array(findings.map(\.json)),
            "running": JSONValue(containers.count { $0.state == "running" }),
            "containers": .array(
                containers.map { container in
                    .object(compacting: [
                        "id": .string(container.id), "name": .string(container.name),
                        "image": .string(container.image), "state": .string(container.state),
                        "status": .string(container.status), "health": container.health.map { .string($0) },
                        "exit_code": container.exitCode.map { JSONValue($0) }, "ports": .string(container.ports),
                        "compose_project": container.composeProject.map { .string($0) },
                        "oom_killed": container.detail.map { JSONValue($0.wasKilledForMemory) },
                        "restarts": container.detail.map { JSONValue($0.restarts) },
                    ])
                }),
        ]
    }
}
