import ExecutorAPI
import Systemd

/// Which lines of a log are wanted.
struct LogQuery: Sendable {
    /// The newest so many.
    var lines: Int
    /// In microseconds since 1970.
    var since: UInt64?
    var until: UInt64?
    /// syslog's number: lines at most this urgent a number; the journal alone has them.
    var priority: Int?
    /// The journal's alone, too.
    var boot = JournalQuery.Boot.any
    var pattern: LogPattern?

    init(lines: Int) { self.lines = lines }

    var hasWindow: Bool { since != nil || until != nil }

    /// As the arguments say it.
    mutating func readWindow(since: String?, until: String?) throws(Refusal) {
        if let since { self.since = try LogMoment.read(since, argument: "since") }
        if let until { self.until = try LogMoment.read(until, argument: "until") }
        if let since = self.since, let until = self.until, since > until {
            throw Refusal.badArgument("since", "is after 'until'", "a moment before 'until'")
        }
    }
}

/// What reading a log may cost, whatever is in it.
enum LogLimits {
    /// Of one file and those rotated away from it; looked through in pieces of ``BackwardReader/blockBytes``.
    static let scannedBytes = 256 << 20
    /// What all packed files of a call may unpack to: a bomb's end.
    static let unpackedBytes = 256 << 20
    /// Of a longer line, so much of its beginning is looked at.
    static let lineBytes = 16 << 10
    /// Of the lines that fit: more than an answer shows, and all that is held in memory.
    static let keptBytes = 1 << 20
    /// For the files of a call, all together; what is older then is not looked at.
    static let patience = Duration.seconds(20)
    /// Files rotated away that are looked at, the newest first.
    static let rotatedFiles = 64
    /// Names in a log's directory that are looked at.
    static let directoryNames = 10_000
    /// Lines of a container that a pattern is looked for in: what docker's `--tail` takes by the rules.
    static let containerLines = 10_000
    /// Of an answer; older lines are left out.
    static let textBytes = 256 << 10
}
