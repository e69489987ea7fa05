import ExecutorPolicy
import Systemd

/// Looks at what a change is of.
struct TargetWatch: Sendable {
    let machine: Machine
    let policy: Policy
    let target: ChangeTarget

    private static let lookTimeout = Duration.seconds(5)

    func look(_ context: ToolContext) -> TargetState {
        switch target {
        case .unit(let name): unit(name, context)
        case .container(let name): container(name, context)
        }
    }

    private func unit(_ name: String, _ context: ToolContext) -> TargetState {
        guard let service = try? ServiceName(name) else { return TargetState() }
        let watch = ServiceWatch(machine: machine, service: service, policy: policy)
        guard let snapshot = try? watch.snapshot(context), snapshot.unit?.exists != false else { return TargetState() }
        let activity: String? =
            switch snapshot.activity {
            case .active: "active"
            case .inactive, .failed: "inactive"
            case .changing, .unknown: nil
            }
        return TargetState(activity: activity, unitFile: snapshot.unit?.text("UnitFileState"))
    }

    private func container(_ name: String, _ context: ToolContext) -> TargetState {
        let docker = DockerCommand(runner: machine.runner, policy: policy)
        let detail = docker.detail(of: name, timeout: Self.lookTimeout, cancellation: context.cancellation)
        return TargetState(
            activity: detail.map { $0.state == "paused" ? "paused" : $0.isRunning ? "running" : "stopped" })
    }
}
