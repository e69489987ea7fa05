import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import StrictJSON
import Systemd

/// Reads a log and words the answer.
struct LogAnswer: Sendable {
    let machine: Machine
    let policy: Policy
    let query: LogQuery
    let place: LogPlace

    func read(_ grant: Grant, _ context: ToolContext) -> ToolReport {
        switch place {
        case .journal(let service): ToolReport(journal(service))
        case .file(let path): file(path, grant, context)
        case .container(let name): container(name, grant, context)
        }
    }

    // MARK: Journal

    private func journal(_ service: ServiceName) -> ToolResult {
        guard machine.hasJournal else {
            let files = LogPlace.readableFiles(of: service.program, policy)
            let hint = files.isEmpty ? "a file's path as 'service'" : files.joined(separator: ", ")
            return failure(
                "There is no journal here: systemd is not the service manager. Try source 'file' with \(hint).")
        }
        var wanted = JournalQuery(unit: service.unit, lines: query.lines)
        (wanted.since, wanted.until) = (query.since, query.until)
        (wanted.priority, wanted.boot) = (query.priority, query.boot)
        var filter = LogFilter(query.pattern, mask: machine.masked)
        do throws(SystemdError) {
            let page = try JournalReader(directory: machine.journalDirectory).read(wanted) { filter.takes($0) }
            return answer(
                LogLines(entries: page.entries), older: page.older,
                notes: [filter.note].compactMap { $0 } + suppressed(of: service, since: page.entries.first?.time))
        } catch {
            return failure(error.message)
        }
    }

    /// What journald did not take of it, because it said too much at once (`RateLimitBurst=` of journald.conf(5)).
    private func suppressed(of service: ServiceName, since first: UInt64?) -> [String] {
        guard let since = query.since ?? first, let pattern = try? LogPattern("messages from ") else { return [] }
        var wanted = JournalQuery(unit: "systemd-journald.service", lines: Self.shownSuppressions)
        (wanted.since, wanted.until) = (since, query.until)
        let page = try? JournalReader(directory: machine.journalDirectory).read(wanted) { line in
            pattern.matches(line) { String(decoding: line, as: UTF8.self) }
        }
        return (page?.entries ?? []).filter { entry in
            entry.message.hasPrefix("Suppressed ")
                && (entry.message.hasSuffix(" \(service.unit)") || entry.message.hasSuffix("/\(service.unit)"))
        }.map { "\(ClockText.moment($0.time)): journald's rate limit. \($0.message): these are lost." }
    }

    private static let shownSuppressions = 50

    /// Whether the journal has anything of this service.
    static func journalKnows(_ service: ServiceName, _ machine: Machine) -> Bool {
        let query = JournalQuery(unit: service.unit, lines: 1)
        let page = try? JournalReader(directory: machine.journalDirectory).read(query)
        return page?.entries.isEmpty == false
    }

    // MARK: Files and containers

    private func file(_ path: String, _ grant: Grant, _ context: ToolContext) -> ToolReport {
        let log = FileLog(
            machine: machine, policy: policy, query: query, timeout: machine.settings.entry(.readLogs).timeout,
            cancellation: context.cancellation)
        do throws(RunnerError) {
            let page = try log.read(grant, path: path)
            var result = answer(LogLines(lines: page.lines), older: page.older, notes: page.notes)
            result.metadata["files"] = JSONValue(page.files)
            return ToolReport(result, run: page.run)
        } catch {
            return ToolReport(failure(error.message))
        }
    }

    private func container(_ name: String, _ grant: Grant, _ context: ToolContext) -> ToolReport {
        let docker = DockerCommand(runner: machine.runner, policy: policy)
        let log = ContainerLog(docker: docker, timeout: machine.settings.entry(.readLogs).timeout)
        switch log.read(grant, query, context.cancellation) {
        case .failed(let sentence, let run): return ToolReport(failure(sentence), run: run)
        case .read(let page, let run):
            return ToolReport(answer(page.lines, older: page.older), run: run)
        }
    }

    // MARK: Words

    private func failure(_ sentence: String) -> ToolResult {
        let (source, name) = place.names
        return .failure(sentence, metadata: ["service": .string(name), "source": .string(source.rawValue)])
    }

    private func answer(_ lines: LogLines, older: JournalPage.Older, notes: [String] = []) -> ToolResult {
        let (source, name) = place.names
        var texts = lines.texts
        let isCut = Self.trim(&texts, to: LogLimits.textBytes)
        if texts.isEmpty { texts = [nothing(of: name, in: source)] }
        if isCut { texts.insert("(older lines left out: the answer would be too long)", at: 0) }
        texts += (notes + [Self.sentence(older)].compactMap { $0 }).map { "(\($0))" }
        return .success(
            texts.joined(separator: "\n"),
            metadata: [
                "service": .string(name), "source": .string(source.rawValue), "lines": JSONValue(lines.count),
                "cut": JSONValue(isCut || older != .none), "left_out": JSONValue(notes),
            ])
    }

    private func nothing(of name: String, in source: LogSource) -> String {
        let isNarrowed = query.since ?? query.until != nil || query.priority != nil || query.boot != .any
        let asked = query.pattern.map { " that has '\($0.text)'" } ?? (isNarrowed ? " that fits" : "")
        let log = name.hasPrefix("/") ? name : "of \(name)"
        let hint =
            query.pattern?.looksLikeExpression == true
            ? " A pattern is plain text with | between alternatives, no regular expression." : ""
        return "The log \(log) (\(source.rawValue)) has no line\(asked).\(hint)"
    }

    private static func sentence(_ older: JournalPage.Older) -> String? {
        switch older {
        case .none: nil
        case .some: "there are older lines"
        case .notSearched: "older lines were not searched: take `since` and `until`"
        }
    }

    /// Leaves the newest lines that fit.
    private static func trim(_ lines: inout [String], to limit: Int) -> Bool {
        var bytes = 0
        let kept = lines.reversed().prefix { line in
            bytes += line.utf8.count + 1
            return bytes <= limit
        }
        defer { lines = kept.reversed() }
        return kept.count < lines.count
    }
}
