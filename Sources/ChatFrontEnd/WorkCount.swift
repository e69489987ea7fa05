import Synchronization

/// How many updates are being handled, and when there are none.
final class WorkCount: Sendable {
    private struct State {
        var count = 0
        var none = Signal()
    }

    private let state = Mutex(State())

    func begin() {
        state.withLock { state in
            if state.count == 0 { state.none = Signal() }
            state.count += 1
        }
    }

    func end() {
        state.withLock { state in
            state.count -= 1
            return state.count == 0 ? state.none : nil
        }?.set()
    }

    func waitUntilNone() async {
        let none = state.withLock { $0.count == 0 ? nil : $0.none }
        await none?.wait()
    }
}
