import ExecutorAPI
import StrictJSON
package import ExecutorPolicy
package import ExecutorRunner

/// Runs one grant for a tool.
package struct CommandRun: Sendable {
    package let runner: Runner

    package init(runner: Runner) { self.runner = runner }

    /// Runs it and tells what became of it; its output is the tool's progress.
    package func report(_ grant: Grant, timeout: Duration?, _ context: ToolContext) -> ToolReport {
        do throws(RunnerError) {
            let run = try runner.run(
                grant, timeout: timeout, cancellation: context.cancellation, onOutput: context.progress)
            return ToolReport(CommandReport.result(of: run, under: grant), run: run)
        } catch {
            return ToolReport(.failure(error.message, metadata: ["command": .string(grant.command)]))
        }
    }
}
