import AgentCore

/// All alerts as a value: results of checks go in, what people have to be told comes out. It knows no clock, no chat
/// and no store.
///
/// What is so and what people were told are kept apart, and the difference is what is said. So a restart neither repeats
/// nor loses anything, and what waited for the end of quiet hours is said then, if it still holds.
package struct AlertBook: Sendable {
    package enum Change: Sendable, Hashable {
        case appeared(Alert)
        case worsened(Alert)
        /// With how long it lasted, in milliseconds.
        case over(Alert, lasted: Int64)
        case flapping(Alert)
    }

    /// Checks in a row that have to agree before something counts as come, worse or gone.
    package static let confirmations = 2
    /// So many arrivals within ``flapWindow`` are flapping; it is over after ``calm`` without a change.
    package static let flapArrivals = 3
    package static let flapWindow: Int64 = 60 * 60 * 1000
    package static let calm: Int64 = 30 * 60 * 1000
    /// Things remembered at once; a check that finds more says the first of them.
    package static let maximumAlerts = 200

    private var alerts: [String: Alert] = [:]

    package init(_ alerts: [Alert] = []) {
        self.alerts = Dictionary(alerts.map { ($0.key, $0) }) { first, _ in first }
    }

    /// In the order of their keys.
    package var all: [Alert] { alerts.values.sorted { $0.key < $1.key } }

    /// What is there now, the worst first.
    package var present: [Alert] {
        all.filter(\.isPresent).sorted { ($1.grade, $0.key) < ($0.grade, $1.key) }
    }

    /// Whether another check soon would settle something.
    package var isUnsettled: Bool {
        alerts.values.contains { alert in
            alert.isPresent
                ? alert.missed > 0 || (alert.seenCritical == 1 && alert.grade == .warning) : alert.seen > 0
        }
    }

    /// Forgets what is looked at no more.
    package mutating func keep(_ isLookedAt: (CheckScope) -> Bool) {
        alerts = alerts.filter { isLookedAt($0.value.scope) }
    }

    /// - Parameter now: Milliseconds since 1970.
    package mutating func receive(_ result: CheckResult, at now: Int64) {
        let observed = Set(result.observations.map(\.key))
        for observation in result.observations where result.examined.contains(observation.scope) {
            see(observation, at: now)
        }
        for alert in alerts.values where result.examined.contains(alert.scope) && !observed.contains(alert.key) {
            miss(alert, at: now)
        }
    }

    private mutating func see(_ observation: Observation, at now: Int64) {
        guard alerts[observation.key] != nil || alerts.count < Self.maximumAlerts else { return }
        var alert = alerts[observation.key] ?? Alert(observation)
        (alert.scope, alert.text, alert.question) = (observation.scope, observation.text, observation.question)
        (alert.count, alert.missed) = (observation.count, 0)
        alert.seen = min(alert.seen + 1, Self.confirmations)
        alert.seenCritical = observation.grade == .critical ? min(alert.seenCritical + 1, Self.confirmations) : 0
        alert.grade = alert.seenCritical >= Self.confirmations ? .critical : .warning
        if !alert.isPresent, alert.seen >= Self.confirmations {
            (alert.isPresent, alert.changed, alert.arrived) = (true, now, now)
            alert.arrivals.append(now)
        }
        alerts[alert.key] = alert
    }

    private mutating func miss(_ alert: Alert, at now: Int64) {
        var alert = alert
        (alert.seen, alert.seenCritical) = (0, 0)
        alert.missed = min(alert.missed + 1, Self.confirmations)
        if alert.isPresent, alert.missed >= Self.confirmations { (alert.isPresent, alert.changed) = (false, now) }
        alerts[alert.key] = alert
    }
}

// MARK: What people are told

extension AlertBook {
    /// What has to be said now, and is taken as said.
    ///
    /// - Parameter isQuiet: Only what is critical, and new or worse, is said; the rest waits.
    package mutating func announcements(at now: Int64, isQuiet: Bool) -> [Change] {
        var changes: [Change] = []
        for var alert in all {
            alert.arrivals.removeAll { now - $0 > Self.flapWindow }
            if alert.isFlapping, now - alert.changed >= Self.calm { (alert.isFlapping, alert.arrivals) = (false, []) }
            if let change = Self.change(of: alert, at: now), !isQuiet || Self.isUrgent(change) {
                changes.append(change)
                Self.mark(&alert, as: change)
            }
            let isForgotten = !alert.isPresent && alert.told == nil && alert.seen == 0 && alert.arrivals.isEmpty
            alerts[alert.key] = isForgotten ? nil : alert
        }
        return changes.sorted { Self.rank($0) < Self.rank($1) }
    }

    private static func change(of alert: Alert, at now: Int64) -> Change? {
        guard alert.isPresent else {
            if alert.told == nil || alert.isFlapping { return nil }
            return .over(alert, lasted: max(0, alert.changed - alert.arrived))
        }
        if let told = alert.told, told.grade < alert.grade || told.count < alert.count { return .worsened(alert) }
        if alert.isFlapping { return nil }
        if alert.arrivals.count >= flapArrivals, alert.told == nil { return .flapping(alert) }
        return alert.told == nil ? .appeared(alert) : nil
    }

    private static func mark(_ alert: inout Alert, as change: Change) {
        switch change {
        case .over: alert.told = nil
        case .flapping: alert.isFlapping = true
        case .appeared, .worsened: break
        }
        if alert.isPresent {
            alert.told = Alert.Told(
                grade: max(alert.told?.grade ?? .warning, alert.grade), count: max(alert.told?.count ?? 0, alert.count))
        }
    }

    private static func isUrgent(_ change: Change) -> Bool {
        switch change {
        case .appeared(let alert), .worsened(let alert), .flapping(let alert): alert.grade == .critical
        case .over: false
        }
    }

    /// The worst first, what is over last.
    private static func rank(_ change: Change) -> Int {
        switch change {
        case .appeared(let alert), .worsened(let alert), .flapping(let alert): alert.grade == .critical ? 0 : 1
        case .over: 2
        }
    }
}
