import ExecutorPolicy
import ExecutorRunner
import Glibc
import Systemd
import Wire

/// A log in files: the one it is written to, and those rotated away, as far back as is asked.
///
/// Plain text is read here, from the file's end; what is packed is unpacked by a child that can do nothing else, for a
/// packed file is data that others may have made and unpackers have had holes. Each file is judged by itself.
struct FileLog {
    let machine: Machine
    let policy: Policy
    let query: LogQuery
    let timeout: Duration?
    let cancellation: Cancellation
    var scannedBytes = LogLimits.scannedBytes
    var unpackedBytes = LogLimits.unpackedBytes
    var patience = LogLimits.patience

    struct Page {
        /// The oldest first.
        var lines: [LogLine]
        var older: JournalPage.Older
        /// The files that were read, the newest first.
        var files: [String] = []
        /// What was left out, in sentences.
        var notes: [String] = []
        /// The child that unpacked the last packed file.
        var run: RunResult?
    }

    private struct Progress {
        var selection: LogSelection
        var page = Page(lines: [], older: .none)
        let deadline: ContinuousClock.Instant
        var scannedBytes = 0
        var unpackedBytes = 0

        /// Gives up what is older, once the time is over.
        mutating func checkTime() {
            if !selection.isDone, ContinuousClock.now >= deadline { selection.giveUp() }
        }
    }

    /// - Throws: ``RunnerError`` where neither the file nor any rotated away from it can be read.
    func read(_ grant: Grant, path: String) throws(RunnerError) -> Page {
        var progress = Progress(
            selection: LogSelection(query, filter: LogFilter(query.pattern, mask: machine.masked)),
            deadline: .now + patience)
        var fault: RunnerError?
        do throws(RunnerError) { try read(grant, path, &progress) } catch { fault = error }
        for file in rotated(path) where !progress.selection.isDone && cancellation.reason == nil {
            readOlder(file, &progress)
            progress.checkTime()
        }
        if let fault {
            guard !progress.page.files.isEmpty else { throw fault }
            progress.page.notes.append(fault.message)
        }
        progress.selection.finish()
        progress.page.lines = progress.selection.lines
        progress.page.older = progress.selection.older
        progress.page.notes += [progress.selection.filter.note].compactMap { $0 }
        if !progress.selection.knowsTimes {
            progress.page.notes.append("The lines carry no time that is known here: since and until left none out.")
        }
        return progress.page
    }

    private func rotated(_ path: String) -> [String] {
        guard Unpacker(path: path) == nil, let slash = path.lastIndex(of: "/") else { return [] }
        let directory = String(path[..<slash])
        let names = SystemFile.names(in: directory, limit: LogLimits.directoryNames) ?? []
        return RotatedLogs.names(of: String(path[path.index(after: slash)...]), among: names)
            .map { "\(directory)/\($0)" }
    }

    private func readOlder(_ path: String, _ progress: inout Progress) {
        let grant: Grant
        switch policy.judge(Self.command(path, lines: query.lines)) {
        case .allowed(let allowed): grant = allowed
        case .needsApproval:
            return progress.page.notes.append("\(path) is left out: its rule asks for a yes; ask for it by its path.")
        case .denied: return progress.page.notes.append("\(path) is left out: the rules do not allow it.")
        }
        do throws(RunnerError) {
            try read(grant, path, &progress)
        } catch {
            progress.page.notes.append("\(path) is left out: \(error.message)")
        }
    }

    /// What reading a file is judged as.
    static func command(_ path: String, lines: Int) -> ToolCommand {
        Unpacker(path: path).map { .packedLogFile(path: path, lines: lines, by: $0) }
            ?? .logFile(path: path, lines: lines)
    }

    private func read(_ grant: Grant, _ path: String, _ progress: inout Progress) throws(RunnerError) {
        guard Unpacker(path: path) != nil else { return try readPlain(grant, path, &progress) }
        if let since = query.since, try lastWritten(grant) < since { return progress.selection.finish() }
        try unpack(grant, path, &progress)
    }

    private func readPlain(_ grant: Grant, _ path: String, _ progress: inout Progress) throws(RunnerError) {
        try machine.runner.withFile(of: grant) { descriptor in
            var reader = BackwardReader(descriptor, limit: scannedBytes - progress.scannedBytes)
            progress.page.files.append(path)
            while !progress.selection.isDone, cancellation.reason == nil {
                let isLine = reader.next { line, total in progress.selection.take(line, total: total) } != nil
                guard isLine else { break }
                progress.checkTime()
            }
            progress.scannedBytes += reader.readBytes
            if reader.isCutShort { progress.selection.giveUp() }
        }
    }

    /// In microseconds since 1970; a file's owner may have set any time at all.
    private func lastWritten(_ grant: Grant) throws(RunnerError) -> UInt64 {
        try machine.runner.withFile(of: grant) { descriptor in
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return .max }
            return UInt64(min(max(0, status.st_mtim.tv_sec), Self.latest) + 1) * 1_000_000
        }
    }

    /// In seconds since 1970: later than any log, and its microseconds are still a number.
    private static let latest = 1 << 40

    private func unpack(_ grant: Grant, _ path: String, _ progress: inout Progress) throws(RunnerError) {
        let left = max(.zero, progress.deadline - .now)
        let packed = ForwardLines(
            query, room: progress.selection.room, limit: unpackedBytes - progress.unpackedBytes)
        let outcome = cancellation.withHandler({ packed.cancellation.cancel($0) }) {
            Result { () throws(RunnerError) in
                try machine.runner.run(
                    grant, timeout: min(timeout ?? left, left), cancellation: packed.cancellation,
                    onOutput: { packed.take($0) },
                    onErrorOutput: { _ in })
            }
        }
        let run = try outcome.get()
        let result = packed.finish()
        progress.unpackedBytes += result.bytes
        progress.page.run = run
        guard run.succeeded else {
            let isTooMuch = progress.unpackedBytes > unpackedBytes
            let reason =
                isTooMuch
                ? "it unpacks to more than \(unpackedBytes >> 20) MiB."
                : CommandReport.sentence(for: run, under: grant)
            if isTooMuch { progress.selection.giveUp() }
            throw RunnerError(.fileUnavailable, reason)
        }
        progress.page.files.append(path)
        progress.selection.take(result.lines, reachesSince: result.reachesSince, hasTimes: result.hasTimes)
    }
}
