package import ExecutorPolicy
package import ExecutorRunner
import Synchronization
import Wire

/// Which of the administrator's own tools can be offered: their programs are there, and what they require succeeds.
///
/// A prerequisite is fixed words of the administrator's, run as its tool's command is; what it found holds for
/// a minute, so that a list of tools costs nothing.
package final class Prerequisites: Sendable {
    private struct Answer {
        var isMet: Bool
        var time: ContinuousClock.Instant
    }

    private let tools: [OwnToolDefinition]
    private let runner: Runner
    private let answers = Mutex<[String: Answer]>([:])

    package init(_ tools: [OwnToolDefinition], runner: Runner) { (self.tools, self.runner) = (tools, runner) }

    /// The names of the tools that are to be offered.
    ///
    /// Waits for the prerequisites that are to be asked, all at once, each for a few seconds at most.
    package func met(policy: Policy) -> Set<String> {
        let present = tools.filter { $0.missingProgram == nil }
        let asked = present.filter { $0.command.hasPrerequisite && !isKnown($0.name) }
        let done = Condition()
        let waiting = Mutex(asked.count)
        for tool in asked {
            let ask: @Sendable () -> Void = { [self] in
                let isMet = isMet(tool, policy)
                answers.withLock { $0[tool.name] = Answer(isMet: isMet, time: .now) }
                waiting.withLock { $0 -= 1 }
                done.signal()
            }
            // Without a thread of its own it is asked on this one.
            do { try BackgroundThread.start(named: "prerequisite", ask) } catch { ask() }
        }
        _ = done.wait(atMost: OwnToolLimits.prerequisiteTimeout * 2) { waiting.withLock { $0 == 0 } }
        let met = answers.withLock { $0.filter(\.value.isMet).map(\.key) }
        return Set(
            present.filter { !$0.command.hasPrerequisite }.map(\.name) + present.map(\.name).filter(met.contains))
    }

    private func isKnown(_ name: String) -> Bool {
        answers.withLock { answers in
            answers[name].map { ContinuousClock.now - $0.time < OwnToolLimits.prerequisiteMemory } ?? false
        }
    }

    private func isMet(_ tool: OwnToolDefinition, _ policy: Policy) -> Bool {
        guard let grant = policy.prerequisite(ofTool: tool.name) else { return false }
        let run = try? runner.run(grant, timeout: OwnToolLimits.prerequisiteTimeout, cancellation: Cancellation())
        return run?.succeeded ?? false
    }
}
