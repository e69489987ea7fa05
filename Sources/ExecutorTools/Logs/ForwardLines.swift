import Synchronization
import Wire

/// The newest lines that are wanted of a text that comes from its beginning on: of a packed file, of a container.
final class ForwardLines: Sendable {
    private struct State {
        var rest: [UInt8] = []
        var restBytes = 0
        /// The last so many that fit, the oldest first.
        var lines: [LogLine] = []
        var isInside = true
        var hasTimes = false
        var reachesSince = false
        var bytes = 0
        /// Of the lines.
        var keptBytes = 0

        mutating func drop(_ count: Int) {
            keptBytes -= lines.prefix(count).reduce(0) { $0 + $1.bytes.count }
            lines.removeFirst(count)
        }
    }

    private let query: LogQuery
    /// What is kept: one more than is wanted, so that it is known whether there are older ones.
    private let room: Int
    private let limit: Int
    private let state = Mutex(State())
    /// Ends what the text comes from: the call's own end, or too much.
    let cancellation = Cancellation()

    /// - Parameters:
    ///   - room: How many lines are wanted.
    ///   - limit: How many bytes the text may have.
    init(_ query: LogQuery, room: Int, limit: Int) { (self.query, self.room, self.limit) = (query, room + 1, limit) }

    /// Takes a piece of the text, its secrets masked.
    func take(_ piece: String) {
        let isTooMuch = state.withLock { state in
            state.bytes += piece.utf8.count
            guard state.bytes <= limit else { return true }
            for part in piece.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 { endLine(&state) }
                state.rest += part.element.prefix(max(0, LogLimits.lineBytes - state.rest.count))
                state.restBytes += part.element.count
            }
            return false
        }
        if isTooMuch { cancellation.cancel(.cancelled) }
    }

    struct Result {
        /// The newest first.
        var lines: [LogLine]
        /// Whether its beginning is older than what is wanted.
        var reachesSince: Bool
        var hasTimes: Bool
        var bytes: Int
    }

    func finish() -> Result {
        state.withLock { state in
            if state.bytes <= limit { endLine(&state) }
            return Result(
                lines: state.lines.reversed(), reachesSince: state.reachesSince, hasTimes: state.hasTimes,
                bytes: state.bytes)
        }
    }

    private func endLine(_ state: inout State) {
        defer { (state.rest, state.restBytes) = ([], 0) }
        guard state.restBytes > 0 else { return }
        let isWanted = state.rest.withUnsafeBytes { line in
            if query.hasWindow, let time = LineTime(line)?.microseconds { place(time, &state) }
            let text = { String(decoding: line, as: UTF8.self) }
            return state.isInside && query.pattern?.matches(line, masked: text) ?? true
        }
        guard isWanted else { return }
        state.lines.append(LogLine(state.rest, total: state.restBytes))
        state.keptBytes += state.lines.last?.bytes.count ?? 0
        // In big steps: one at a time would move the rest each time.
        if state.lines.count >= 2 * room { state.drop(state.lines.count - room) }
        while state.keptBytes > 2 * LogLimits.keptBytes { state.drop((state.lines.count + 1) / 2) }
    }

    private func place(_ time: UInt64, _ state: inout State) {
        let isOld = query.since.map { time < $0 } ?? false
        if !state.hasTimes { state.reachesSince = isOld }
        state.hasTimes = true
        state.isInside = !isOld && query.until.map { time <= $0 } ?? true
    }
}
