import ExecutorPolicy

/// Where a log is.
enum LogPlace: Sendable, Hashable {
    case journal(ServiceName)
    case file(String)
    case container(String)

    /// What the rules say to reading it, and what a refusal is recorded as.
    func judge(_ query: LogQuery, _ policy: Policy) -> (Verdict, command: String) {
        switch self {
        case .journal(let service):
            (
                policy.judge(.journal(unit: service.short, lines: query.lines)),
                "journalctl -u \(service.short) -n \(query.lines)"
            )
        case .file(let path):
            (policy.judge(FileLog.command(path, lines: query.lines)), "tail -n \(query.lines) \(path)")
        case .container(let name):
            (policy.judge(ContainerLog.command(name, query)), "docker logs --tail \(query.lines) \(name)")
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

    /// Those of ``files(of:)`` that are there; what the rules do not let be read is not told from what is not there.
    static func readableFiles(of program: String, _ policy: Policy) -> [String] {
        files(of: program).filter { path in
            if case .denied = policy.judge(.logFile(path: path, lines: 1)) { return false }
            return SystemFile.isReadableFile(path)
        }
    }

    /// The source and the name, for the metadata.
    var names: (source: LogSource, name: String) {
        switch self {
        case .journal(let service): (.journal, service.short)
        case .file(let path): (.file, path)
        case .container(let name): (.container, name)
        }
    }
}

enum LogSource: String, CaseIterable {
    case auto
    case journal
    case file
    case container
}

enum LogPriority {
    static let names = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
    static func number(_ name: String) -> Int? { names.firstIndex(of: name) }
}

extension SystemFile {
    /// Whether there is a regular file that this process may read.
    static func isReadableFile(_ path: String) -> Bool { !isDirectory(path) && read(path, limit: 1) != nil }
}
