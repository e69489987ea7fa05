import AgentCore
import Monitoring
import StrictJSON
import Testing

@Suite("Alerts as a value")
struct AlertBookTests {
    private static let minute: Int64 = 60_000

    private static func observation(
        _ key: String, _ grade: HealthFinding.Grade = .warning, count: Int = 0, scope: CheckScope = .health
    ) -> Observation {
        Observation(scope: scope, key: key, grade: grade, count: count, text: key, question: "?")
    }

    private static func result(_ observations: [Observation], examined: Set<CheckScope> = [.health]) -> CheckResult {
        var result = CheckResult()
        (result.observations, result.examined) = (observations, examined)
        return result
    }

    /// What is said after each check, a minute apart, as `appeared disk`.
    private static func say(
        _ book: inout AlertBook, _ checks: [[Observation]], from start: Int64 = 0, every step: Int64 = minute,
        examined: Set<CheckScope> = [.health], quiet: Bool = false
    ) -> [[String]] {
        checks.enumerated().map { index, observations in
            let now = start + Int64(index) * step
            book.receive(result(observations, examined: examined), at: now)
            return book.announcements(at: now, isQuiet: quiet).map(words)
        }
    }

    private static func words(_ change: AlertBook.Change) -> String {
        switch change {
        case .appeared(let alert): "appeared \(alert.key)"
        case .worsened(let alert): "worsened \(alert.key)"
        case .flapping(let alert): "flapping \(alert.key)"
        case .over(let alert, _): "over \(alert.key)"
        }
    }

    private static let disk = observation("disk")
    private static let worse = observation("disk", .critical)

    @Test("what one check alone saw is not said, and what one check alone missed is not over")
    func confirmed() {
        var book = AlertBook()
        #expect(Self.say(&book, [[Self.disk], [], [Self.disk], []]) == [[], [], [], []])
        #expect(Self.say(&book, [[Self.disk], [Self.disk], [], [Self.disk]]) == [[], ["appeared disk"], [], []])
    }

    @Test("each thing is said once when it comes, once when it gets worse, once when it is over")
    func once() {
        var book = AlertBook()
        let checks = [
            [Self.disk], [Self.disk], [Self.disk], [Self.worse], [Self.worse], [Self.disk], [Self.worse], [], [],
        ]
        #expect(
            Self.say(&book, checks) == [[], ["appeared disk"], [], [], ["worsened disk"], [], [], [], ["over disk"]])
        #expect(book.present.isEmpty)
    }

    @Test("a restart between any two checks neither repeats nor loses anything")
    func restart() throws {
        var (book, said) = (AlertBook(), [String]())
        for (index, seen) in [[Self.disk], [Self.disk], [Self.worse], [Self.worse], [], [], []].enumerated() {
            book = AlertBook(
                try book.all.map { try #require(Alert(key: $0.key, json: try JSONValue(parsing: $0.json.text))) })
            said += Self.say(&book, [seen], from: Int64(index) * Self.minute).flatMap { $0 }
        }
        #expect(said == ["appeared disk", "worsened disk", "over disk"])
    }

    @Test("what was not looked at is neither there nor over")
    func unexamined() {
        var book = AlertBook()
        _ = Self.say(&book, [[Self.disk], [Self.disk]])
        #expect(Self.say(&book, [[], [], []], examined: [.executor]) == [[], [], []])
        #expect(book.present.map(\.key) == ["disk"])
        book.keep { $0 != .health }
        #expect(book.all.isEmpty)
    }

    @Test("in quiet hours only what is critical is said; what still holds is said at their end, what has passed is not")
    func quiet() {
        let (hot, short) = (Self.observation("hot", .critical), Self.observation("short"))
        var book = AlertBook()
        let night = Self.say(
            &book, [[Self.disk, hot, short], [Self.disk, hot, short], [Self.disk, hot], [Self.disk, hot]], quiet: true)
        #expect(night == [[], ["appeared hot"], [], []])
        #expect(Self.say(&book, [[Self.disk, hot]], from: 10 * Self.minute) == [["appeared disk"]])
    }

    @Test("what comes and goes is said to, once, and is silent until it rests; then its end is said")
    func flapping() {
        var book = AlertBook()
        let there = [[Self.disk], [Self.disk]], gone: [[Observation]] = [[], []]
        let said = Self.say(&book, there + gone + there + gone + there + gone + there + gone).flatMap { $0 }
        #expect(said == ["appeared disk", "over disk", "appeared disk", "over disk", "flapping disk"])
        #expect(Self.say(&book, [[]], from: 60 * Self.minute) == [["over disk"]])
    }

    @Test("what happens again while it lasts is said again")
    func counted() {
        var book = AlertBook()
        let (one, two) = (Self.observation("oom", count: 1), Self.observation("oom", count: 2))
        #expect(Self.say(&book, [[one], [one], [two], [two]]) == [[], ["appeared oom"], ["worsened oom"], []])
    }

    @Test("the worst is said first; there is no end of alerts that a check could fill the memory with")
    func order() {
        var book = AlertBook()
        let many = (0..<500).map { Self.observation("k\($0)", $0 == 150 ? .critical : .warning) }
        let said = Self.say(&book, [many, many]).flatMap { $0 }
        #expect(said.count == AlertBook.maximumAlerts && said.first == "appeared k150")
        #expect(book.present.first?.key == "k150" && !book.isUnsettled)
    }

    @Test("how long it lasted is known, however long")
    func lasted() {
        var book = AlertBook()
        _ = Self.say(&book, [[Self.disk], [Self.disk], []])
        book.receive(Self.result([]), at: 5 * 3_600_000)
        guard case .over(_, let lasted)? = book.announcements(at: 5 * 3_600_000, isQuiet: false).first else {
            Issue.record("it is not over")
            return
        }
        #expect(lasted == 5 * 3_600_000 - Self.minute)
    }

    @Test(
        "what this program did not write is no alert", arguments: [[:], ["scope": "x", "text": "y"], 3] as [JSONValue])
    func strangeState(_ json: JSONValue) {
        #expect(Alert(key: "k", json: json) == nil)
    }
}

@Suite("When checks speak")
struct CheckPlanTests {
    @Test("what is no time of day is refused", arguments: ["", "24", "9:60", "-1", "9:0:0", "noon", "009", "9.5", "９"])
    func badTimes(_ text: String) {
        #expect(TimeOfDay(text) == nil && QuietHours("\(text)-7") == nil && QuietHours("7-\(text)") == nil)
    }

    @Test("no hours at all are no quiet hours", arguments: ["", "7-7", "23:00", "23-7-8"])
    func badHours(_ text: String) { #expect(QuietHours(text) == nil) }

    @Test("quiet hours hold over midnight too", arguments: [("23:00-07:00", true), ("23-7", true), ("1-5", false)])
    func hours(_ text: String, _ coversMidnight: Bool) throws {
        let hours = try #require(QuietHours(text))
        #expect(hours.contains(minute: 0) == coversMidnight && hours.contains(minute: 120))
        #expect(!hours.contains(minute: hours.to.minutes) && hours.contains(minute: hours.from.minutes))
        #expect(!hours.contains(minute: 720))
    }

    @Test("a report is due once a day, after its time, and not at all without one before it")
    func report() throws {
        let plan = CheckPlan(reportAt: TimeOfDay("09:00"))
        func isDue(_ day: String, _ minute: Int, after last: String?) -> Bool {
            plan.isReportDue(at: LocalTime(day: day, minute: minute, instant: 0), lastDay: last)
        }
        #expect(!isDue("2026-11-25", 600, after: nil) && !isDue("2026-11-25", 539, after: "2026-11-24"))
        #expect(isDue("2026-11-25", 540, after: "2026-11-24") && !isDue("2026-11-25", 900, after: "2026-11-25"))
        #expect(isDue("2026-12-01", 540, after: "2026-11-30"))
        #expect(!CheckPlan().isReportDue(at: LocalTime(day: "2026-11-25", minute: 600, instant: 0), lastDay: "0"))
    }
}
