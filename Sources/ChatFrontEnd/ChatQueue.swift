/// One request at a time in each chat; others wait, in order, up to a limit.
actor ChatQueue {
    /// Requests of one chat that wait behind the running one.
    static let maximumWaiting = 3

    private var waiting: [Int64: [CheckedContinuation<Void, Never>]] = [:]

    /// - Returns: `false` where too many wait. `true` has to be followed by ``leave(_:)``.
    func enter(_ chatID: Int64) async -> Bool {
        guard let others = waiting[chatID] else {
            waiting[chatID] = []
            return true
        }
        guard others.count < Self.maximumWaiting else { return false }
        // A cancelled task waits too: the one before it is being cancelled and leaves soon.
        await withCheckedContinuation { waiting[chatID, default: []].append($0) }
        return true
    }

    func leave(_ chatID: Int64) {
        guard var others = waiting[chatID], !others.isEmpty else {
            waiting[chatID] = nil
            return
        }
        let next = others.removeFirst()
        waiting[chatID] = others
        next.resume()
    }
}
