import ExecutorPolicy
import ExecutorRunner
import Systemd
import Wire

/// The log of a container, by `docker logs --timestamps`: both its streams, in the order of their times.
struct ContainerLog: Sendable {
    let docker: DockerCommand
    let timeout: Duration?

    struct Page: Sendable {
        var lines = LogLines()
        /// How many of the lines came on standard error.
        var errorLines = 0
        var older = JournalPage.Older.none
    }

    enum Answer: Sendable {
        case read(Page, RunResult)
        case failed(String, RunResult?)
    }

    /// What reading it is judged as: one line more than wanted tells whether there are older ones.
    static func command(_ name: String, _ query: LogQuery) -> ToolCommand {
        .dockerLogs(
            name,
            lines: query.pattern == nil ? min(query.lines + 1, LogLimits.containerLines) : LogLimits.containerLines,
            since: query.since.map { Int($0 / 1_000_000) }, until: query.until.map { Int($0 / 1_000_000) + 1 })
    }

    /// - Parameter grant: For ``command(_:_:)``.
    func read(_ grant: Grant, _ query: LogQuery, _ cancellation: Cancellation) -> Answer {
        // The engine sees to the times; what is left is the pattern.
        var wanted = LogQuery(lines: query.lines)
        wanted.pattern = query.pattern
        let (output, errors) = (Self.stream(wanted), Self.stream(wanted))
        let answer = docker.run(
            grant, timeout: timeout, cancellation: cancellation, onOutput: { output.take($0) },
            onErrorOutput: { errors.take($0) })
        switch answer {
        case .failed(let sentence, let run): return .failed(sentence, run)
        case .printed(_, let run):
            return .read(Self.page(output.finish().lines, errors.finish().lines, query), run)
        }
    }

    /// The last lines, for a report about the container; none where the rules do not allow it.
    func last(_ count: Int, of name: String, _ cancellation: Cancellation) -> [String] {
        let query = LogQuery(lines: count)
        guard case .allowed(let grant) = docker.policy.judge(Self.command(name, query)),
            case .read(let page, _) = read(grant, query, cancellation)
        else { return [] }
        return page.lines.texts
    }

    private static func stream(_ query: LogQuery) -> ForwardLines {
        ForwardLines(query, room: query.lines, limit: LogLimits.scannedBytes)
    }

    private struct Line {
        var time: Substring
        var text: String
        var isError: Bool
    }

    private static func page(_ output: [LogLine], _ errors: [LogLine], _ query: LogQuery) -> Page {
        let lines =
            output.reversed().map { line($0, isError: false) } + errors.reversed().map { line($0, isError: true) }
        // The engine's times are all of one length.
        let order = lines.indices.sorted { (lines[$0].time, $0) < (lines[$1].time, $1) }
        var page = Page(older: lines.count > query.lines ? .some : .none)
        for line in order.suffix(query.lines).map({ lines[$0] }) {
            page.lines.add(line.text, after: line.isError ? "stderr: " : "stdout: ", at: seconds(line.time))
            if line.isError { page.errorLines += 1 }
        }
        return page
    }

    /// The engine writes the time and a blank before each line.
    private static func line(_ line: LogLine, isError: Bool) -> Line {
        let blank = line.bytes.firstIndex(of: UInt8(ascii: " ")) ?? line.bytes.endIndex
        let rest = line.bytes[blank...].dropFirst()
        return Line(
            time: Substring(SafeText.line(String(decoding: line.bytes[..<blank], as: UTF8.self), limit: 40)),
            text: SafeText.line(bytes: rest, total: line.total - (line.bytes.count - rest.count)), isError: isError)
    }

    /// Docker gives it to the nanosecond.
    private static func seconds(_ time: Substring) -> String {
        guard time.hasSuffix("Z"), let point = time.firstIndex(of: ".") else { return String(time) }
        return "\(time[..<point])Z"
    }
}
