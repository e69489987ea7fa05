import ExecutorAudit
import StrictJSON
import Synchronization
import Wire

/// What has been done under each operation id, so that the same id never runs twice.
///
/// Rebuilt from the audit log at start; an operation that a crash cut short is *unknown*, and is said
/// to be.
final class Operations: Sendable {
    /// Ids remembered at most; the oldest go first.
    static let maximumCount = 20_000
    /// Bytes of results kept at most; older results are forgotten before their ids are.
    static let maximumResultBytes = 32 << 20
    /// While a log is read, so many more ids are held before the oldest go: one at a time would take its time.
    private static let restoredAtOnce = 1000

    struct Key: Sendable, Hashable {
        /// Two users' ids are two ids.
        var userID: UInt32
        var id: String
    }

    enum Beginning: Sendable {
        case new
        /// The recorded answer of the first time.
        case done(JSONValue)
        /// It was done, and its answer is no longer kept.
        case forgotten
        /// It was begun, and a crash hid how it ended.
        case unknown
        /// The id stands for another call.
        case other
    }

    private enum Outcome {
        case running
        case done(JSONValue, bytes: Int)
        case forgotten
        case unknown
    }

    private struct Entry {
        var call: String
        var outcome: Outcome
        var began: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// In the order they began.
        var order: [Key] = []
        /// Those with an answer, in the order they ended; the first ``forgotten`` of them have been looked at.
        var answered: [Key] = []
        var forgotten = 0
        var resultBytes = 0
    }

    private let state = Mutex(State())
    private let changed = Condition()
    private let memory: Duration

    init(memory: Duration) { self.memory = memory }

    /// Takes up, record after record, what the audit log says of the last day; keeps no more than a running daemon.
    func restore(_ operation: RecentOperation) {
        let key = Key(userID: operation.userID, id: operation.id)
        state.withLock { state in
            let isDone = if case .done? = state.entries[key]?.outcome { true } else { false }
            switch operation.state {
            case .begun: insert(key, Entry(call: operation.call, outcome: .unknown, began: .now), into: &state)
            case .done(let result):
                insert(key, Entry(call: operation.call, outcome: .forgotten, began: .now), into: &state)
                if let result { finish(key, result, in: &state) }
            case .notRun where isDone || state.entries[key]?.call != operation.call: break
            case .notRun: remove(key, from: &state)
            }
            if state.order.count > Self.maximumCount + Self.restoredAtOnce {
                state.order.prefix(Self.restoredAtOnce).forEach { forget($0, in: &state) }
                state.order.removeFirst(Self.restoredAtOnce)
            }
        }
    }

    /// Claims `key` for a call, or says what it came to; waits while the first of the two still runs.
    ///
    /// - Parameter call: The call in canonical form: an id stands for one call only.
    func begin(_ key: Key, call: String, cancellation: Cancellation) -> Beginning {
        var found = claim(key, call)
        while found == nil, cancellation.reason == nil {
            _ = changed.wait(atMost: .milliseconds(500)) { state.withLock { isSettled($0, key) } }
            found = claim(key, call)
        }
        return found ?? .unknown
    }

    /// `nil` while the call that has the id still runs.
    private func claim(_ key: Key, _ call: String) -> Beginning? {
        state.withLock { state in
            expire(&state)
            guard let entry = state.entries[key] else {
                insert(key, Entry(call: call, outcome: .running, began: .now), into: &state)
                return .new
            }
            guard entry.call == call else { return .other }
            switch entry.outcome {
            case .running: return nil
            case .done(let result, _): return .done(result)
            case .forgotten: return .forgotten
            case .unknown: return .unknown
            }
        }
    }

    /// Records the answer of a call that ``begin(_:call:cancellation:)`` called new.
    func finish(_ key: Key, result: JSONValue) {
        state.withLock { finish(key, result, in: &$0) }
        changed.signal()
    }

    /// The call did not run after all: its id is free again.
    func abandon(_ key: Key) {
        state.withLock { remove(key, from: &$0) }
        changed.signal()
    }

    private func isSettled(_ state: borrowing State, _ key: Key) -> Bool {
        if case .running? = state.entries[key]?.outcome { false } else { true }
    }

    private func insert(_ key: Key, _ entry: Entry, into state: inout State) {
        if state.entries[key] == nil { state.order.append(key) }
        // The answer of the one that had the id before is not kept twice.
        forget(key, in: &state)
        state.entries[key] = entry
    }

    private func remove(_ key: Key, from state: inout State) {
        forget(key, in: &state)
        state.order.removeAll { $0 == key }
    }

    private func forget(_ key: Key, in state: inout State) {
        if case .done(_, let bytes)? = state.entries[key]?.outcome { state.resultBytes -= bytes }
        state.entries[key] = nil
    }

    private func finish(_ key: Key, _ result: JSONValue, in state: inout State) {
        guard state.entries[key] != nil else { return }
        let bytes = result.encoded().count
        state.entries[key]?.outcome = .done(result, bytes: bytes)
        state.answered.append(key)
        state.resultBytes += bytes
        while state.resultBytes > Self.maximumResultBytes, state.forgotten < state.answered.count {
            forgetResult(state.answered[state.forgotten], in: &state)
            state.forgotten += 1
        }
        if state.forgotten > Self.maximumCount {
            state.answered.removeFirst(state.forgotten)
            state.forgotten = 0
        }
    }

    private func forgetResult(_ key: Key, in state: inout State) {
        guard case .done(_, let bytes)? = state.entries[key]?.outcome else { return }
        state.entries[key]?.outcome = .forgotten
        state.resultBytes -= bytes
    }

    private func expire(_ state: inout State) {
        let oldest = ContinuousClock.now - memory
        while let key = state.order.first, let entry = state.entries[key] {
            if case .running = entry.outcome { return }
            guard entry.began < oldest || state.order.count > Self.maximumCount else { return }
            forget(key, in: &state)
            state.order.removeFirst()
        }
    }
}
