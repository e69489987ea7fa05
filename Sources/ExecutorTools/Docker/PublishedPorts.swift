import ExecutorPolicy
import ExecutorRunner
import Wire

/// Which container has a port of the machine: the engine knows, where the kernel shows its proxy, or nobody at all.
struct PublishedPorts: Sendable {
    let docker: DockerCommand
    let cancellation: Cancellation

    private static let patience = Duration.seconds(2)

    /// The container that runs and publishes `port`; `nil` where there is none, and where the rules or the engine do not
    /// tell.
    func container(publishing port: UInt16) -> Container? {
        guard case .allowed(let grant) = docker.policy.judge(.dockerList),
            case .printed(let output, _) = docker.run(grant, timeout: Self.patience, cancellation: cancellation)
        else { return nil }
        return Container.list(output).first { $0.publishes(port) }
    }
}
