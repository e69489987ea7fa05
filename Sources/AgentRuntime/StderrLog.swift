import Foundation
package import Logging

/// One line a message on standard error, with the priority the journal reads from its beginning (sd-daemon(3))
/// where standard error is the journal.
package struct StderrLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let isJournal: Bool

    package init(level: Logger.Level, environment: [String: String]) {
        (logLevel, isJournal) = (level, environment["JOURNAL_STREAM"] != nil)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        FileHandle.standardError.write(Data(line(event.level, event.message, event.metadata).utf8))
    }

    func line(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata?) -> String {
        let fields = self.metadata.merging(metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let text = ([message.description] + fields.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
        // A line break in a value must not begin a line that looks like another message.
        let line = text.map { $0.isNewline ? " " : $0 }
        let prefix = isJournal ? "<\(Self.priority(level))>" : "\(level): "
        return "\(prefix)\(String(line))\n"
    }

    /// syslog(3)
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
