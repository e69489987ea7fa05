package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
import StrictJSON

/// What became of a child, in the words of a tool's answer.
package enum CommandReport {
    package static func result(of run: RunResult, under grant: Grant) -> ToolResult {
        ToolResult(
            success: run.succeeded, output: PrintableText.lines(run.output),
            error: run.succeeded ? nil : sentence(for: run, under: grant), metadata: metadata(of: run, under: grant))
    }

    /// Why it did not succeed; a time-out's sentence has the word "timeout".
    package static func sentence(for run: RunResult, under grant: Grant) -> String {
        switch run.ending {
        case .timeout(let limit): return "timeout after \(seconds(limit)): the command was ended before it was done."
        case .cancelled: return "the command was cancelled."
        case .stopping: return "the executor is stopping, and ended the command."
        case .itself: break
        }
        switch run.termination {
        case .exited(let code):
            let meaning = exitMeaning(code, grant).map { ": \($0)" } ?? ""
            return "\(grant.programName) ended with exit code \(code)\(meaning)."
        case .signalled(let signal):
            return "\(grant.programName) was ended by signal \(signal) (\(SignalName.name(signal)))."
        }
    }

    static func metadata(of run: RunResult, under grant: Grant) -> [String: JSONValue] {
        var metadata: [String: JSONValue] = [
            "command": .string(grant.command), "effect": .string(grant.effect.rawValue),
            "duration_ms": JSONValue(Int((run.duration / .milliseconds(1)).rounded())),
            "bytes": JSONValue(run.outputBytes), "cut": JSONValue(run.isOutputCut),
        ]
        switch run.termination {
        case .exited(let code): metadata["exit"] = JSONValue(Int(code))
        case .signalled(let signal): metadata["signal"] = JSONValue(Int(signal))
        }
        if run.maskedSecrets > 0 { metadata["masked_secrets"] = JSONValue(run.maskedSecrets) }
        // What was cut in the middle is no whole table.
        if !run.isOutputCut, let rows = CommandRows.parse(run.output, of: grant.words) {
            metadata["rows"] = .array(rows)
        }
        return metadata
    }

    /// `30 s`, `1.5 s`.
    package static func seconds(_ duration: Duration) -> String {
        let value = duration / .seconds(1)
        return value == value.rounded() ? "\(Int(value)) s" : "\(Figures.decimal(value)) s"
    }

    /// `30 s`, and never `0 s`.
    static func wholeSeconds(_ duration: Duration) -> String {
        seconds(.seconds(max(duration.components.seconds, 1)))
    }

    /// Codes that mean something of their own; `systemctl`'s are those of LSB's init scripts.
    private static func exitMeaning(_ code: Int32, _ grant: Grant) -> String? {
        switch (grant.programName, code) {
        case ("systemctl", 3): "the unit is not active"
        case ("systemctl", 4): "there is no such unit"
        case ("systemctl", 5): "the unit is not loaded"
        case ("curl", 6): "the host name could not be resolved"
        case ("curl", 7): "the connection was refused"
        case ("curl", 28): "no answer in time"
        case ("ping", 1): "nothing came back"
        case (_, 126): "the program may not be executed"
        case (_, 127): "the program was not found"
        default: nil
        }
    }
}

/// The names of the signals that end processes; signal(7).
package enum SignalName {
    package static func name(_ signal: Int32) -> String { names[signal] ?? "signal \(signal)" }

    private static let names: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
    ]
}
