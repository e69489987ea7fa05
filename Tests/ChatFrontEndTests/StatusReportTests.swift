import AgentCore
import AgentMemory
import Foundation
import Monitoring
import StrictJSON
import Testing

@testable import ChatFrontEnd

@Suite("/status and /history")
struct StatusReportTests {
    private static let healthy: JSONValue = ["uptime_s": 7200, "policy": [:], "audit": ["available": true]]
    private static let now = LocalTime(Date(timeIntervalSince1970: 1_000_000))

    private static func report(
        _ executor: StatusReport.Executor = .connected(healthy), alerts: [Alert] = [], quietUntil: Int64? = nil,
        _ language: Language = .russian, _ change: (inout StoreStatistics) -> Void = { _ in }
    ) -> StatusReport {
        var statistics = StoreStatistics()
        change(&statistics)
        return StatusReport(
            uptime: .seconds(300), model: "claude-x", executor: executor, alerts: alerts, quietUntil: quietUntil,
            statistics: statistics, now: now, words: Words(language))
    }

    private static func alert(_ key: String, _ grade: String) throws -> Alert {
        try #require(Alert(key: key, json: ["scope": "health", "text": .string(key), "grade": .string(grade)]))
    }

    @Test(
        "an executor that is away, or runs nothing, is said to be, and the command has failed",
        arguments: [
            (.away("no socket"), "no socket"),
            (.connected(["policy": ["fault": "line 3"]]), "line 3"),
            (.connected(["audit": ["available": false]]), "аудита"),
        ] as [(StatusReport.Executor, String)])
    func unwell(_ executor: StatusReport.Executor, _ words: String) {
        let report = Self.report(executor)
        #expect(!report.isWell && report.text.contains(words) && !report.text.contains("✅ Исполнитель"))
    }

    @Test("a quiet machine takes three lines, in both languages")
    func quiet() {
        #expect(
            Self.report().text == """
                ✅ Агент: работает 5 мин, отвечает claude-x
                ✅ Исполнитель: на связи, работает 2 ч 0 мин
                Инцидентов пока не было.
                """)
        #expect(
            Self.report(.connected(Self.healthy), .english).text == """
                ✅ Agent: running for 5 min, answers by claude-x
                ✅ Executor: connected, running for 2 h 0 min
                There have been no incidents yet.
                """)
    }

    @Test("what is wrong now comes worst first, the rest counted; then quiet, incidents, and what waits beside this")
    func busy() throws {
        let alerts = try (1...6).map { try Self.alert("warning \($0)", "warn") } + [Self.alert("nginx", "critical")]
        let text = Self.report(alerts: alerts, quietUntil: Self.now.instant + 60_000) {
            ($0.incidents, $0.successfulIncidents, $0.lastIncident) = (3, 2, Date(timeIntervalSince1970: 999_999))
            ($0.pendingUpdates, $0.pendingOutgoing) = (3, 1)
        }.text
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[2...3] == ["Сейчас не в порядке:", "❌ nginx"] && lines[8] == "… и ещё 2")
        #expect(lines[9].hasPrefix("🔕 До ") && lines[10].hasPrefix("Инцидентов: 3, успешных: 2, последний: "))
        #expect(lines[11] == "Ещё ждут ответа: 2, отправки: 1")
    }

    @Test("the question for the status is not among what waits, and quiet that is over is not said")
    func nothingWaits() {
        let text = Self.report(quietUntil: Self.now.instant) { $0.pendingUpdates = 1 }.text
        #expect(!text.contains("ждут") && !text.contains("🔕"))
    }

    @Test("an incident is its time, length and question, and how the answer ended; nobody's signature, no long line")
    func history() {
        let incident = StoredIncident(
            time: Date(timeIntervalSince1970: 1_000_000), userID: 7, query: "nginx\nне отвечает",
            resolution: "Порт 80 занимал apache2\n✅ nginx: active\nПроблема решена\n(встроенный режим, без ИИ)",
            tools: [], success: true, duration: .seconds(75))
        let time = LocalTime.clock(Self.now.instant)
        #expect(
            Words(.russian).line(of: incident, today: Self.now.day)
                == "✅ \(time) (1 мин) nginx не отвечает\n   ✅ nginx: active\n   Проблема решена")
        var failed = incident
        (failed.success, failed.resolution, failed.query) = (false, "", String(repeating: "x", count: 500))
        let line = Words(.english).line(of: failed, today: "2026-11-25")
        #expect(line.hasPrefix("❌ \(Self.now.day) \(time) (1 min) x") && line.count < 170)
    }
}
