import Synchronization

/// Who comes next in each chat: one at a time, in the order the places were taken.
final class ChatQueue: Sendable {
    private struct Waiter: Sendable {
        let number: Int
        let turn: Signal
    }

    private struct State {
        var next = 0
        /// By chat; the first has its turn.
        var waiters: [Int64: [Waiter]] = [:]
    }

    private let maximumWaiting: Int
    private let state = Mutex(State())

    /// - Parameter maximumWaiting: Places of one chat behind the one that has its turn.
    init(maximumWaiting: Int) { self.maximumWaiting = maximumWaiting }

    /// Takes the next place, without waiting: whoever calls first is first.
    ///
    /// - Returns: `nil` where too many wait. Any other has to be followed by ``ChatPlace/leave()``.
    func place(in chatID: Int64) -> ChatPlace? {
        let turn = Signal()
        let number: Int? = state.withLock { state in
            let others = state.waiters[chatID, default: []]
            guard others.count <= maximumWaiting else { return nil }
            if others.isEmpty { turn.set() }
            state.next += 1
            state.waiters[chatID] = others + [Waiter(number: state.next, turn: turn)]
            return state.next
        }
        return number.map { ChatPlace(queue: self, chatID: chatID, number: $0, reached: turn) }
    }

    fileprivate func leave(_ chatID: Int64, _ number: Int) {
        state.withLock { state in
            let others = state.waiters[chatID, default: []].filter { $0.number != number }
            state.waiters[chatID] = others.isEmpty ? nil : others
            return others.first?.turn
        }?.set()
    }
}

/// A place in a ``ChatQueue``.
struct ChatPlace: Sendable {
    fileprivate let queue: ChatQueue
    fileprivate let chatID: Int64
    fileprivate let number: Int
    fileprivate let reached: Signal

    /// Returns when it is this place's turn, or the task is cancelled.
    func turn() async { await reached.wait() }

    /// The next one's turn has come. A second time does nothing.
    func leave() { queue.leave(chatID, number) }
}
