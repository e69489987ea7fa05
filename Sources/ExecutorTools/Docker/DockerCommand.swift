import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import Wire
import Glibc

/// Asks the docker client, each time under a grant of the policy's.
package struct DockerCommand: Sendable {
    package let runner: Runner
    package let policy: Policy

    package init(runner: Runner, policy: Policy) { (self.runner, self.policy) = (runner, policy) }

    /// What docker printed, or why it did not.
    package enum Answer: Sendable {
        case printed(String, RunResult)
        case failed(String, RunResult?)
    }

    package func run(
        _ grant: Grant, timeout: Duration?, cancellation: Cancellation,
        onOutput: (@Sendable (String) -> Void)? = nil, onErrorOutput: @escaping @Sendable (String) -> Void = { _ in }
    ) -> Answer {
        guard access(grant.executable, F_OK) == 0 else {
            return .failed(DockerProblem.notInstalled(grant.executable).sentence, nil)
        }
        do throws(RunnerError) {
            // Apart, because podman's warnings would stand in the midst of its JSON.
            let run = try runner.run(
                grant, timeout: timeout, cancellation: cancellation, onOutput: onOutput, onErrorOutput: onErrorOutput)
            if run.succeeded { return .printed(run.output, run) }
            if run.ending != .itself { return .failed(CommandReport.sentence(for: run, under: grant), run) }
            return .failed(DockerProblem(output: run.output + (run.errorOutput ?? ""), grant: grant).sentence, run)
        } catch {
            return .failed(error.message, nil)
        }
    }

    /// What `docker inspect` knows; `nil` where the rules or the engine do not give it.
    package func detail(of container: String, timeout: Duration, cancellation: Cancellation) -> ContainerDetail? {
        guard case .allowed(let grant) = policy.judge(.dockerInspect(container)),
            case .printed(let output, _) = run(grant, timeout: timeout, cancellation: cancellation)
        else { return nil }
        return ContainerDetail(output)
    }
}
