import AgentCore
package import AgentMemory
import Foundation
package import Logging
package import Monitoring
import Telegram

/// Looks at the machine without being asked, and queues what people have to be told.
///
/// No model is asked: the executor's reading tools say what is wrong, ``AlertBook`` what of it is news. What has been
/// told is stored with the message that tells it, in one transaction.
package actor ScheduledChecks {
    package typealias Now = @Sendable () -> LocalTime

    /// Between two looks at the clock.
    private static let tick = Duration.seconds(15)
    /// After this long a finding is looked at again, so that one bad moment is no alert and a real one waits for no
    /// whole interval.
    private static let confirmationPause = Duration.seconds(20)
    /// The first check waits this long: at a boot, services are still on their way up.
    private static let firstPause = Duration.seconds(60)
    /// What «Тише на час» is good for.
    package static let quietHour: Int64 = 60 * 60 * 1000

    static let quietUntil = "checks.quiet_until"
    private static let lastReport = "checks.last_report_day"

    let plan: CheckPlan
    let store: AgentStore
    let inspector: Inspector
    let words: Words
    private let logger: Logger
    private let now: Now
    private var book: AlertBook?

    package init(
        plan: CheckPlan, store: AgentStore, executor: any ExecutorGateway, words: Words, logger: Logger,
        now: @escaping Now = LocalTime.now
    ) {
        (self.plan, self.store, self.words) = (plan, store, words)
        (self.logger, self.now) = (logger, now)
        inspector = Inspector(executor: executor, services: plan.services, words: words)
    }

    /// Until the task is cancelled.
    ///
    /// - Parameter wake: Called when something has been queued.
    package func run(wake: @Sendable () async -> Void) async {
        let clock = ContinuousClock()
        var next = clock.now + min(plan.interval ?? Self.firstPause, Self.firstPause)
        while !Task.isCancelled {
            do {
                var hasNews = try await reportIfDue()
                if let interval = plan.interval, clock.now >= next {
                    hasNews = try await check() || hasNews
                    next = clock.now + (isUnsettled ? min(interval, Self.confirmationPause) : interval)
                } else if plan.interval != nil {
                    hasNews = try await announce() || hasNews
                }
                if hasNews { await wake() }
            } catch {
                logger.error("A scheduled check failed", metadata: ["error": "\(error)"])
            }
            let pause = plan.interval == nil ? Self.tick : min(Self.tick, max(next - clock.now, .zero))
            try? await clock.sleep(for: pause)
        }
    }

    private var isUnsettled: Bool { book?.isUnsettled ?? false }

    /// Looks once, and queues what is news.
    ///
    /// - Returns: whether anything was queued.
    /// - Throws: ``AgentStoreError``.
    @discardableResult
    package func check() async throws -> Bool {
        let result = await inspector.inspect()
        // A check that was cut off saw nothing.
        guard !Task.isCancelled else { return false }
        return try await announce(result)
    }

    /// Says what is news, also what waited for the end of quiet hours.
    private func announce(_ result: CheckResult? = nil) async throws -> Bool {
        let time = now()
        let isQuiet = try await isQuiet(time)
        var book = try await loaded()
        if let result { book.receive(result, at: time.instant) }
        let changes = book.announcements(at: time.instant, isQuiet: isQuiet)
        self.book = book
        guard result != nil || !changes.isEmpty else { return false }
        do {
            try await save(book, changes)
        } catch {
            // What is stored holds, and is said the next time.
            self.book = nil
            throw error
        }
        return !changes.isEmpty
    }

    private func save(_ book: AlertBook, _ changes: [AlertBook.Change]) async throws {
        let stored = book.all.map { StoredAlert(key: $0.key, state: $0.json) }
        guard !changes.isEmpty else { return try await store.saveAlerts(stored) }
        let post = AlertPost(changes, words)
        try await store.saveAlerts(
            stored, post: StoredAlertPost(id: post.id, question: post.question),
            messages: plan.chatIDs.map { OutgoingDraft(chatID: $0, text: post.text, buttons: post.buttons) })
    }

    private func loaded() async throws -> AlertBook {
        if let book { return book }
        var stored = AlertBook(try await store.alerts().compactMap { Alert(key: $0.key, json: $0.state) })
        stored.keep { plan.looks(at: $0) }
        // Somebody else may have loaded it meanwhile, and gone on.
        let loaded = book ?? stored
        book = loaded
        return loaded
    }

    private func isQuiet(_ time: LocalTime) async throws -> Bool {
        if plan.quietHours?.contains(minute: time.minute) == true { return true }
        let until = try await store.state(Self.quietUntil).flatMap { Int64($0) }
        return until.map { time.instant < $0 } ?? false
    }
}

// MARK: What people press, and the daily report

extension ScheduledChecks {
    /// For an hour only what is critical, and new or worse, is said.
    ///
    /// - Returns: the time of day until which it is quiet, such as `04:12`.
    package func beQuiet() async throws -> String {
        let until = now().instant + Self.quietHour
        try await store.setState(Self.quietUntil, String(until))
        return LocalTime.clock(until)
    }

    private func reportIfDue() async throws -> Bool {
        guard let reportAt = plan.reportAt else { return false }
        let time = now()
        guard let last = try await store.state(Self.lastReport) else {
            // The first day begins now: a report whose time is past already was never missed.
            try await store.setState(Self.lastReport, time.minute >= reportAt.minutes ? time.day : "0")
            return false
        }
        guard plan.isReportDue(at: time, lastDay: last) else { return false }
        try await report(on: time)
        return true
    }

    private func report(on time: LocalTime) async throws {
        let report = DailyReport(
            health: await inspector.health(), services: await inspector.serviceLines(),
            status: await inspector.status(), incidents: try await store.incidents(since: Self.dayBefore(time)),
            words: words)
        let parts = MessageText.parts(of: report.text)
        try await store.enqueue(
            plan.chatIDs.flatMap { chat in parts.map { OutgoingDraft(chatID: chat, text: $0) } },
            state: Self.lastReport, time.day)
    }

    private static func dayBefore(_ time: LocalTime) -> Date {
        Date(timeIntervalSince1970: Double(time.instant) / 1000 - 86_400)
    }
}

extension LocalTime {
    /// The wall clock, in this machine's time zone.
    package static let now: @Sendable () -> LocalTime = { LocalTime(Date()) }

    init(_ date: Date) {
        let parts = Calendar(identifier: .gregorian).dateComponents(in: .current, from: date)
        let (month, day) = (Self.two(parts.month ?? 1), Self.two(parts.day ?? 1))
        self.init(
            day: "\(parts.year ?? 0)-\(month)-\(day)", minute: (parts.hour ?? 0) * 60 + (parts.minute ?? 0),
            instant: Int64(date.timeIntervalSince1970 * 1000))
    }

    /// `04:12`
    static func clock(_ instant: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(instant) / 1000)
        let parts = Calendar(identifier: .gregorian).dateComponents(in: .current, from: date)
        return "\(two(parts.hour ?? 0)):\(two(parts.minute ?? 0))"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
