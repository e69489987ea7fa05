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
    /// `tail -n LINES PATH`, run as the program that unpacks it: `gzip -dc`, with the file as its input
    case packedLogFile(path: String, lines: Int, by: Unpacker)
    /// `docker ps -a`, run as `docker ps -a --no-trunc --format '{{json .}}'`
    case dockerList
    /// `docker ps -a`, run as `docker inspect --format '{{json .}}' -- CONTAINER`
    case dockerInspect(String)
    /// `docker logs CONTAINER`, run with `--tail LINES --timestamps`, and with `--since` and `--until` in seconds since 1970
    case dockerLogs(String, lines: Int, since: Int? = nil, until: Int? = nil)
    /// `docker restart CONTAINER`
    case dockerRestart(String)
    /// `curl -s URL`, run so that the status, the time and a redirect are printed and the body is not
    case probe(url: String)
}

/// What unpacks a log that was rotated away.
package enum Unpacker: String, Sendable, Hashable, CaseIterable {
    case bzip2
    case gzip
    case xz
    case zstd

    /// By the end of the file's name; `nil` for a file that is not packed.
    package init?(path: String) {
        let name = Self.allCases.first { path.hasSuffix($0.suffix) }
        guard let name else { return nil }
        self = name
    }

    package var suffix: String {
        switch self {
        case .bzip2: ".bz2"
        case .gzip: ".gz"
        case .xz: ".xz"
        case .zstd: ".zst"
        }
    }
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
            let grant = match.rule.grant(
                match, form: command.form(match.arguments), program: command.program(settings), digest: digest
            )
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
        case .logFile(let path, let lines), .packedLogFile(let path, let lines, _): ["tail", "-n", String(lines), path]
        case .dockerList, .dockerInspect: ["docker", "ps", "-a"]
        case .dockerLogs(let container, _, _, _): ["docker", "logs", container]
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
        case .dockerLogs(_, let lines, _, _) where !ArgumentKind.isCount(String(lines)):
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
        case .dockerLogs(_, let lines, let since, let until):
            texts("logs", "--tail", String(lines), "--timestamps")
                + (since.map { texts("--since", String($0)) } ?? [])
                + (until.map { texts("--until", String($0)) } ?? []) + granted.suffix(1)
        case .logFile: granted.dropLast() + granted.suffix(1).map(\.asFile)
        case .packedLogFile: texts("-dc") + granted.suffix(1).map(\.asFile)
        case .probe: texts("-s", "-o", "/dev/null", "-m", "10", "-w", Self.probeFormat) + granted.suffix(1)
        default: granted
        }
    }

    /// The program that runs, where it is not the rule's.
    fileprivate func program(_ settings: PolicySettings) -> (name: String, path: String)? {
        guard case .packedLogFile(_, _, let unpacker) = self else { return nil }
        let name = unpacker.rawValue
        return (name, settings.programs[name] ?? "/usr/bin/\(name)")
    }
}

extension GrantedArgument {
    /// A path that the rule fixes, as the file it names: opened through no link, and handed over open.
    fileprivate var asFile: GrantedArgument {
        guard case .text(let path) = self, path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return self }
        let root = slash == path.startIndex ? "/" : String(path[..<slash])
        return .file(
            GrantedFile(root: root, relative: String(path[path.index(after: slash)...]), delivery: .standardInput))
    }
}
