import ExecutorAPI

/// What a tool does on a person's behalf.
///
/// Judged as the allowlist line it stands for, and granted in the form the tool needs: so that what
/// a tool may do is exactly what the same person may do with `run_command`.
package enum ToolCommand: Sendable, Hashable {
    /// `systemctl status UNIT`
    case unitStatus(String)
    /// `systemctl start|stop|restart UNIT`
    case unitChange(UnitVerb, String)
    /// `journalctl -u UNIT -n LINES`
    case journal(unit: String, lines: Int)
    /// `tail -n LINES PATH`
    case logFile(path: String, lines: Int)
    /// `docker ps -a`, run as `docker ps -a --no-trunc --format '{{json .}}'`
    case dockerList
    /// `docker ps -a`, run as `docker inspect --format '{{json .}}' -- CONTAINER`
    case dockerInspect(String)
    /// `docker logs CONTAINER`, run with `--tail LINES --timestamps`
    case dockerLogs(String, lines: Int)
    /// `docker restart CONTAINER`
    case dockerRestart(String)
    /// `curl -s URL`, run so that the status, the time and a redirect are printed and the body is not
    case probe(url: String)
}

package enum UnitVerb: String, Sendable, Hashable {
    case start
    case stop
    case restart
}

extension Policy {
    /// What the rules say to what a tool is about to do.
    package func judge(_ command: ToolCommand) -> Verdict {
        let words = command.words
        do throws(Refusal) {
            // What no line can say, a tool cannot say either: a line break in a path, a megabyte of a name.
            _ = try CommandLine(CommandLine.render(words))
        } catch {
            return .denied(error)
        }
        switch decide(words) {
        case .failure(let refusal): return .denied(refusal)
        case .success(let match):
            if let refusal = command.unjudged { return .denied(refusal) }
            let grant = match.rule.grant(match.arguments, form: command.form(match.arguments), digest: digest)
            return verdict(match.rule, grant)
        }
    }
}

extension ToolCommand {
    /// What `curl` prints of a probe, besides nothing of the body: the last two are empty where all is well.
    private static let probeFormat = "%{http_code} %{time_total} %{redirect_url}\\n%{errormsg}\\n%{certs}"

    /// The allowlist line it stands for.
    fileprivate var words: [String] {
        switch self {
        case .unitStatus(let unit): ["systemctl", "status", unit]
        case .unitChange(let verb, let unit): ["systemctl", verb.rawValue, unit]
        case .journal(let unit, let lines): ["journalctl", "-u", unit, "-n", String(lines)]
        case .logFile(let path, let lines): ["tail", "-n", String(lines), path]
        case .dockerList, .dockerInspect: ["docker", "ps", "-a"]
        case .dockerLogs(let container, _): ["docker", "logs", container]
        case .dockerRestart(let container): ["docker", "restart", container]
        case .probe(let url): ["curl", "-s", url]
        }
    }

    /// What is wrong with the arguments that its line does not have.
    fileprivate var unjudged: Refusal? {
        switch self {
        case .dockerInspect(let container) where !ArgumentKind.isContainer(container):
            Refusal(
                .notAllowed, message: "\"\(container.prefix(64))\" is no name of a container.",
                alternative: "docker_ps lists the containers.")
        case .dockerLogs(_, let lines) where !ArgumentKind.isCount(String(lines)):
            Refusal(
                .notAllowed, message: "\(lines) is no number of lines.",
                alternative: "Ask for 1 to \(ArgumentKind.maximumCount) lines.")
        default: nil
        }
    }

    /// The arguments that run, after the program: `granted` where the line itself does.
    fileprivate func form(_ granted: [GrantedArgument]) -> [GrantedArgument] {
        func texts(_ words: String...) -> [GrantedArgument] { words.map { .text($0) } }
        return switch self {
        case .dockerList: texts("ps", "-a", "--no-trunc", "--format", "{{json .}}")
        case .dockerInspect(let container): texts("inspect", "--format", "{{json .}}", "--", container)
        case .dockerLogs(_, let lines): texts("logs", "--tail", String(lines), "--timestamps") + granted.suffix(1)
        case .probe: texts("-s", "-o", "/dev/null", "-m", "10", "-w", Self.probeFormat) + granted.suffix(1)
        default: granted
        }
    }
}
