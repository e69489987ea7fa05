import Systemd

/// One line of a file, as it was found.
struct LogLine: Sendable {
    /// No more of a line is shown.
    private static let keptBytes = 4096

    /// Its beginning.
    var bytes: [UInt8]
    /// How long it is.
    var total: Int

    init(_ bytes: some Collection<UInt8>, total: Int) {
        (self.bytes, self.total) = (Array(bytes.prefix(Self.keptBytes)), total)
    }
}

/// The lines of a log that are wanted, taken one by one, the newest first.
struct LogSelection {
    private let query: LogQuery
    private(set) var filter: LogFilter
    private var newestFirst: [LogLine] = []
    private var keptBytes = 0
    /// Lines that carry no time and belong to the next older one that does: a stack trace's.
    private var waiting: [LogLine] = []
    private var waitingBytes = 0
    /// Whether any line carried a time.
    private var hasTimes = false
    private(set) var isDone = false
    private(set) var older = JournalPage.Older.none

    init(_ query: LogQuery, filter: LogFilter) { (self.query, self.filter) = (query, filter) }

    /// How many lines are still wanted.
    var room: Int { query.lines - newestFirst.count }

    mutating func take(_ line: UnsafeRawBufferPointer, total: Int) {
        guard !isDone, total > 0 else { return }
        let isWanted = filter.takes(line)
        guard query.hasWindow else {
            if isWanted { add(LogLine(line, total: total)) }
            return
        }
        if isWanted { wait(LogLine(line, total: total)) }
        guard let time = LineTime(line)?.microseconds else { return }
        hasTimes = true
        defer { (waiting, waitingBytes) = ([], 0) }
        if let until = query.until, time > until { return }
        if let since = query.since, time < since {
            isDone = true
            return
        }
        for line in waiting { add(line) }
    }

    /// Takes what a packed file has, chosen already.
    mutating func take(_ lines: [LogLine], reachesSince: Bool, hasTimes: Bool) {
        self.hasTimes = self.hasTimes || hasTimes
        flush()
        for line in lines { add(line) }
        if reachesSince { isDone = true }
    }

    /// The log's beginning is reached.
    mutating func finish() {
        if !isDone { flush() }
    }

    /// Nothing older is looked at.
    mutating func giveUp() {
        (isDone, older) = (true, .notSearched)
    }

    var lines: [LogLine] { newestFirst.reversed() }

    /// Whether `since` and `until` could say anything.
    var knowsTimes: Bool { !query.hasWindow || hasTimes || newestFirst.isEmpty }

    private mutating func flush() {
        for line in waiting { add(line) }
        (waiting, waitingBytes) = ([], 0)
    }

    /// Of more than an answer takes, no more than one is kept: it tells that there are more.
    private mutating func wait(_ line: LogLine) {
        guard waiting.count <= query.lines, waitingBytes <= LogLimits.keptBytes else { return }
        waitingBytes += line.bytes.count
        waiting.append(line)
    }

    private mutating func add(_ line: LogLine) {
        keptBytes += line.bytes.count
        guard newestFirst.count < query.lines, keptBytes <= LogLimits.keptBytes else {
            (isDone, older) = (true, .some)
            return
        }
        newestFirst.append(line)
    }
}
