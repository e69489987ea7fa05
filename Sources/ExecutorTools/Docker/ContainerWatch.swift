import Glibc
import Wire

/// Looks at a container until it is known whether its restart was a success.
package struct ContainerWatch: Sendable {
    package enum Outcome: Sendable, Hashable {
        case well
        case ended
        case unhealthy
        case tooSlow
        case cancelled
        /// Restarted, and the rules do not allow to look at it.
        case notSeen

        /// Why it is no success, in a sentence.
        package func failure(_ name: String, _ limit: Duration) -> String? {
            switch self {
            case .well: nil
            case .ended: "The container '\(name)' was restarted and ended again; docker_logs shows why."
            case .unhealthy: "The container '\(name)' was restarted and its health check fails."
            case .tooSlow:
                "timeout after \(CommandReport.seconds(limit)): '\(name)' was restarted and is not healthy yet."
            case .cancelled: "The call was cancelled after '\(name)' was restarted; its state was not awaited."
            case .notSeen: "The container '\(name)' was restarted, but its state could not be read afterwards."
            }
        }

        /// Whether the container itself is why it is no success, so that its last words may say more.
        var isItsOwn: Bool { [.ended, .unhealthy, .tooSlow].contains(self) }
    }

    /// A container without a health check is well when it has run on for this long.
    package static let settlingTime = Duration.seconds(2)
    /// Between two looks, each of which starts the client: first, and at most.
    private static let interval = (first: Duration.milliseconds(250), last: Duration.seconds(1))
    private static let lookTimeout = Duration.seconds(5)

    let docker: DockerCommand
    let name: String
    let cancellation: Cancellation

    func look() -> ContainerDetail? {
        docker.detail(of: name, timeout: Self.lookTimeout, cancellation: cancellation)
    }

    func waitUntilWell(until deadline: ContinuousClock.Instant) -> (Outcome, ContainerDetail?) {
        let settled = ContinuousClock.now + Self.settlingTime
        var first: ContainerDetail?
        var interval = Self.interval.first
        while true {
            guard cancellation.reason == nil else { return (.cancelled, nil) }
            guard let detail = look() else { return (.notSeen, nil) }
            let now = ContinuousClock.now
            // Its policy has started it again since the restart.
            if let first, first.startedAt != detail.startedAt { return (.ended, detail) }
            first = first ?? detail
            if let outcome = Self.judge(detail, isSettled: now >= settled) { return (outcome, detail) }
            if now >= deadline { return (.tooSlow, detail) }
            usleep(useconds_t(interval / .microseconds(1)))
            interval = min(interval * 1.5, Self.interval.last)
        }
    }

    /// What one look says, or `nil` where another is needed.
    package static func judge(_ detail: ContainerDetail, isSettled: Bool) -> Outcome? {
        switch (detail.isRunning, detail.health) {
        case (true, "healthy"?): .well
        case (true, "unhealthy"?): .unhealthy
        case (true, "starting"?): nil
        case (true, _): isSettled ? (detail.state == "restarting" ? .ended : .well) : nil
        // Its restart policy may still bring it up.
        case (false, _): isSettled ? .ended : nil
        }
    }
}
