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

    private struct State {
        var answers: [String: Answer] = [:]
        /// What is being asked: two who want a list at once ask once.
        var asking: Set<String> = []
    }

    private let tools: [OwnToolDefinition]
    private let runner: Runner
    private let state = Mutex(State())
    private let changed = Condition()

    package init(_ tools: [OwnToolDefinition], runner: Runner) { (self.tools, self.runner) = (tools, runner) }

    /// The names of the tools that are to be offered.
    ///
    /// Waits for the prerequisites that are to be asked, all at once, each for a few seconds at most.
    package func met(policy: Policy) -> Set<String> {
        let present = tools.filter { $0.missingProgram == nil }
        let names = Set(present.filter(\.command.hasPrerequisite).map(\.name))
        let asked = claim(names)
        for tool in present where asked.contains(tool.name) {
            let ask: @Sendable () -> Void = { [self] in answer(tool.name, isMet(tool, policy)) }
            // Without a thread of its own it is asked on this one.
            do { try BackgroundThread.start(named: "prerequisite", ask) } catch { ask() }
        }
        _ = changed.wait(atMost: OwnToolLimits.prerequisiteTimeout * 2) {
            state.withLock { $0.asking.isDisjoint(with: names) }
        }
        let met = state.withLock { state in names.filter { state.answers[$0]?.isMet == true } }
        return Set(present.map(\.name)).subtracting(names).union(met)
    }

    /// Those of `names` that this caller is to ask: neither known nor being asked.
    private func claim(_ names: Set<String>) -> Set<String> {
        state.withLock { state in
            let asked = names.filter { name in
                let age = state.answers[name].map { ContinuousClock.now - $0.time }
                return !state.asking.contains(name) && age.map { $0 >= OwnToolLimits.prerequisiteMemory } ?? true
            }
            state.asking.formUnion(asked)
            return asked
        }
    }

    private func answer(_ name: String, _ isMet: Bool) {
        state.withLock { state in
            state.answers[name] = Answer(isMet: isMet, time: .now)
            state.asking.remove(name)
        }
        changed.signal()
    }

    private func isMet(_ tool: OwnToolDefinition, _ policy: Policy) -> Bool {
        guard let grant = policy.prerequisite(ofTool: tool.name) else { return false }
        let run = try? runner.run(grant, timeout: OwnToolLimits.prerequisiteTimeout, cancellation: Cancellation())
        return run?.succeeded ?? false
    }
}
