import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import Systemd
import Wire

/// A change by the command lines of a service's definition.
struct DefinedChange: Sendable {
    let machine: Machine
    let watch: ServiceWatch
    let log: ServiceLog

    /// - Parameter grants: One for each of the verb's lines, in order: for a restart, stop and start.
    func perform(_ verb: UnitVerb, _ grants: [Grant], _ context: ToolContext) -> ToolReport {
        let start = ContinuousClock.now
        var run: RunResult?
        do throws(SystemdError) {
            let before = try watch.snapshot(context)
            func report(_ after: ServiceSnapshot) -> ChangeReport {
                ChangeReport(verb: verb, before: before, after: after, duration: .now - start)
            }
            if verb == .start, before.activity == .active {
                return ToolReport(report(before).success(["It was running before; nothing was done."]))
            }
            for (grant, wanted) in zip(grants, verb.wanted) {
                if wanted == .inactive, verb == .restart, before.activity == .inactive { continue }
                let (result, problem) = self.run(grant, context)
                run = result ?? run
                if let problem {
                    return ToolReport(
                        report(try watch.snapshot(context)).failure(problem, output(result, context)), run: run)
                }
                let now = try watch.wait(atMost: UnitChange.settle, context) { $0.activity == wanted }
                guard now.activity == wanted else {
                    let reason =
                        "`\(grant.command)` ended without an error, but \(now.source ?? "its state is \(now.words)")"
                    return ToolReport(report(now).failure(reason, output(result, context)), run: run)
                }
            }
            let first = try watch.snapshot(context)
            if verb == .stop { return ToolReport(report(first).success([]), run: run) }
            let (last, problem) = try watch.hold(UnitChange.hold, from: first, context)
            let change = report(last)
            return ToolReport(
                problem.map { change.failure($0, log.errors(context)) } ?? change.success([]), run: run)
        } catch {
            return ToolReport(.failure(error.message), run: run)
        }
    }

    /// The run, and where it failed, why.
    private func run(_ grant: Grant, _ context: ToolContext) -> (RunResult?, String?) {
        do throws(RunnerError) {
            let run = try machine.runner.run(
                grant, timeout: nil, cancellation: context.cancellation, onOutput: context.progress)
            return (run, run.succeeded ? nil : CommandReport.sentence(for: run, under: grant))
        } catch {
            return (nil, error.message)
        }
    }

    /// What the command printed, and then what the service logged.
    private func output(_ run: RunResult?, _ context: ToolContext) -> [String] {
        let printed = run.map { Array(LogLines(text: $0.output).texts.suffix(12)) } ?? []
        return printed + log.errors(context).filter { !printed.contains($0) }
    }
}

extension UnitVerb {
    /// What each of the verb's lines is to lead to.
    fileprivate var wanted: [ServiceSnapshot.Activity] {
        switch self {
        case .start: [.active]
        case .stop: [.inactive]
        case .restart: [.inactive, .active]
        }
    }
}
