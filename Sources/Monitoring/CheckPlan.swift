/// What is checked without anybody asking, and who is told.
package struct CheckPlan: Sendable, Hashable {
    /// Between two checks; `nil` for no checks.
    package var interval: Duration?
    /// Services that have to run, as systemd names them.
    package var services: [String]
    package var quietHours: QuietHours?
    /// `nil` for no report.
    package var reportAt: TimeOfDay?
    package var chatIDs: [Int64]

    package init(
        interval: Duration? = .seconds(300), services: [String] = [], quietHours: QuietHours? = nil,
        reportAt: TimeOfDay? = nil, chatIDs: [Int64] = []
    ) {
        (self.interval, self.services, self.quietHours) = (interval, services, quietHours)
        (self.reportAt, self.chatIDs) = (reportAt, chatIDs)
    }

    /// Whether alerts from this part of a check are still wanted.
    package func looks(at scope: CheckScope) -> Bool {
        guard interval != nil else { return false }
        if case .service(let name) = scope { return services.contains(name) }
        return true
    }

    /// Whether the report of today is due.
    ///
    /// - Parameter lastDay: The day of the last report; with none, today's is left out where its time is past already.
    package func isReportDue(at now: LocalTime, lastDay: String?) -> Bool {
        guard let reportAt, let lastDay else { return false }
        return lastDay < now.day && now.minute >= reportAt.minutes
    }
}
