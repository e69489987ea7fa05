import ExecutorPolicy
import ExecutorRunner
import StrictJSON
import Systemd
import ExecutorAPI
import Wire

/// Where a log is.
enum LogPlace: Sendable {
    case journal(ServiceName)
    case file(String)
    case container(String)

    /// What the rules say to reading it, and what a refusal is recorded as.
    func judge(_ lines: Int, _ policy: Policy) -> (Verdict, command: String) {
        switch self {
        case .journal(let service):
            (policy.judge(.journal(unit: service.short, lines: lines)), "journalctl -u \(service.short) -n \(lines)")
        case .file(let path): (policy.judge(.logFile(path: path, lines: lines)), "tail -n \(lines) \(path)")
        case .container(let name):
            (policy.judge(.dockerLogs(name, lines: lines)), "docker logs --tail \(lines) \(name)")
        }
    }

    /// The files a program of that name logs to by the custom of Debian and Red Hat, the errors first.
    static func files(of program: String) -> [String] {
        let other = ["apache2": "httpd", "mariadb": "mysql", "postgresql": "postgresql"][program] ?? program
        return [
            "/var/log/\(program)/error.log", "/var/log/\(program)/\(program).log", "/var/log/\(program).log",
            "/var/log/\(other)/error_log", "/var/log/\(other)/error.log", "/var/log/\(program).err",
        ]
    }
}

/// Reads a log and words the answer.
struct LogAnswer: Sendable {
    let machine: Machine
    let query: JournalQuery

    func journal(_ service: ServiceName) -> ToolResult {
        guard machine.hasJournal else {
            let files = LogPlace.files(of: service.program).filter { SystemFile.isReadableFile($0) }
            let hint = files.isEmpty ? "a file's path as 'service'" : files.joined(separator: ", ")
            return .failure(
                "There is no journal here: systemd is not the service manager. Try source 'file' with \(hint).",
                metadata: ["service": .string(service.short), "source": "journal"])
        }
        var query = query
        query.unit = service.unit
        do throws(SystemdError) {
            let page = try JournalReader(directory: machine.journalDirectory).read(query)
            return answer(LogLines(entries: page.entries), "journal", service.short, older: page.older)
        } catch {
            return .failure(error.message, metadata: ["service": .string(service.short), "source": "journal"])
        }
    }

    /// A file by `tail`, a container by its engine, under the grant.
    func run(_ grant: Grant, _ place: LogPlace, _ context: ToolContext) -> ToolReport {
        do throws(RunnerError) {
            let run = try machine.runner.run(
                grant, timeout: machine.settings.entry(.readLogs).timeout, cancellation: context.cancellation,
                onOutput: nil)
            let (source, name) = place.names
            guard run.succeeded else {
                let printed = LogLines(text: run.output).texts.suffix(5).joined(separator: "\n")
                return ToolReport(
                    .failure(
                        CommandReport.sentence(for: run, under: grant), output: printed,
                        metadata: ["service": .string(name), "source": .string(source)]), run: run)
            }
            let kept = run.output.split(separator: "\n").filter { line in
                query.pattern.map { String(line).contains(ignoringCase: $0) } ?? true
            }
            let result = answer(
                LogLines(text: kept.joined(separator: "\n")), source, name, older: run.isOutputCut ? .some : .none)
            return ToolReport(result, run: run)
        } catch {
            return ToolReport(.failure(error.message))
        }
    }

    private func answer(_ lines: LogLines, _ source: String, _ name: String, older: JournalPage.Older) -> ToolResult {
        var texts = lines.texts
        let isCut = Self.trim(&texts, to: Self.textBytes)
        var text = texts.isEmpty ? "No line of \(name)'s log (\(source)) fits." : texts.joined(separator: "\n")
        if isCut { text = "(older lines left out: the answer would be too long)\n" + text }
        switch older {
        case .none: break
        case .some: text += "\n(there are older lines)"
        case .notSearched:
            text += "\n(older lines were not searched: take `since` or `priority`)"
        }
        return .success(
            text,
            metadata: [
                "service": .string(name), "source": .string(source), "lines": JSONValue(lines.count),
                "cut": JSONValue(isCut || older != .none),
            ])
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

    private static let textBytes = 256 << 10

    /// Whether the journal has anything of this service.
    static func journalKnows(_ service: ServiceName, _ machine: Machine) -> Bool {
        let query = JournalQuery(unit: service.unit, lines: 1)
        let page = try? JournalReader(directory: machine.journalDirectory).read(query)
        return page?.entries.isEmpty == false
    }
}

extension LogPlace {
    /// The source and the name, for the metadata.
    fileprivate var names: (String, String) {
        switch self {
        case .journal(let service): ("journal", service.short)
        case .file(let path): ("file", path)
        case .container(let name): ("container", name)
        }
    }
}

extension SystemFile {
    /// Whether there is a regular file that this process may read.
    static func isReadableFile(_ path: String) -> Bool { !isDirectory(path) && read(path, limit: 1) != nil }
}
