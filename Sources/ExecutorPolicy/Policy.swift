package import ExecutorAPI

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
    /// `docker logs --tail LINES CONTAINER`, run with `--timestamps`
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

/// The rules, read and checked. Judging is a pure function of it and the request.
package struct Policy: Sendable {
    /// SHA-256 of the files it was read from, in hexadecimal.
    package let digest: String

    init(digest: String) { self.digest = digest }

    /// What the rules say to one command line.
    package func judge(line: String) -> Verdict {
        .denied(Refusal(.notAllowed, message: "No rule allows this.", alternative: "Nothing is allowed yet."))
    }

    /// What the rules say to what a tool is about to do.
    package func judge(_ command: ToolCommand) -> Verdict {
        .denied(Refusal(.notAllowed, message: "No rule allows this.", alternative: "Nothing is allowed yet."))
    }

    /// The grant a proposal stands for; the caller has seen the approval.
    package func approve(_ proposal: Proposal) -> Grant { proposal.grant }
}
