package import ExecutorPolicy
package import Wire

/// Runs what a ``Grant`` allows, contained, and says how it ended.
package final class Runner: Sendable {
    package let configuration: Configuration

    package init(configuration: Configuration) { self.configuration = configuration }

    /// Blocks until the command, and all it started, has ended.
    package func run(
        _ grant: Grant, timeout: Duration? = nil, cancellation: Cancellation,
        onOutput: (@Sendable (String) -> Void)? = nil
    ) throws(RunnerError) -> RunResult {
        throw RunnerError(.cannotStart, "The runner is being built.")
    }

    package func stopAll() {}
    package var running: Int { 0 }
    package var identity: String { configuration.probeUser }
}
