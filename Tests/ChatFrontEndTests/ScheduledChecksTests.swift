import AgentCore
import AgentMemory
import ExecutorAPI
import Foundation
import Monitoring
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import ChatFrontEnd

/// A clock that a test sets.
private final class WallClock: Sendable {
    private let time = Mutex(LocalTime(day: "2026-11-25", minute: 600, instant: 1_795_000_000_000))
    var now: ScheduledChecks.Now { { self.time.withLock { $0 } } }
    func advance(minutes: Int) {
        time.withLock { time in
            time.minute += minutes
            time.instant += Int64(minutes) * 60_000
        }
    }
    func set(day: String, minute: Int) { time.withLock { ($0.day, $0.minute) = (day, minute) } }
}

@Suite("Scheduled checks", .timeLimit(.minutes(1)))
struct ScheduledChecksTests {
    private static let full = finding("warn", "disk_percent", "/", 92, 90)
    private static let fuller = finding("critical", "disk_percent", "/", 97, 95)

    private static func finding(
        _ grade: JSONValue, _ check: JSONValue, _ subject: JSONValue, _ value: JSONValue = nil,
        _ threshold: JSONValue = nil
    ) -> JSONValue {
        [
            "grade": grade, "code": check, "subject": subject, "value": value, "threshold": threshold,
            "text": "the executor's own words",
        ]
    }

    private struct Fixture {
        let store: AgentStore
        let gateway: ScriptedGateway
        let clock: WallClock
        var plan: CheckPlan

        /// Checks as after a start of the program.
        func started() -> ScheduledChecks {
            ScheduledChecks(
                plan: plan, store: store, executor: gateway, words: Words(.russian), logger: silentLogger,
                now: clock.now)
        }

        /// What the outbox holds for a chat.
        func queued(_ chat: Int64 = 7) async throws -> [OutgoingDraft] {
            try await store.pendingOutgoing().map(\.draft).filter { $0.chatID == chat }
        }
    }

    private static func withFixture(
        services: [String] = ["nginx"], quiet: String? = nil, reportAt: String? = nil, chats: [Int64] = [7],
        _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withStore { store, _ in
            let plan = CheckPlan(
                services: services, quietHours: quiet.flatMap { QuietHours($0) },
                reportAt: reportAt.flatMap { TimeOfDay($0) }, chatIDs: chats)
            try await body(Fixture(store: store, gateway: ScriptedGateway(), clock: WallClock(), plan: plan))
        }
    }

    @Test("what is well is not said, and neither is what one check alone saw")
    func silence() async throws {
        try await Self.withFixture { fixture in
            let checks = fixture.started()
            var said: [Bool] = []
            said.append(try await checks.check())
            fixture.gateway.set { $0.findings = [Self.full] }
            said.append(try await checks.check())
            fixture.gateway.set { $0.findings = [] }
            for _ in 0..<3 { said.append(try await checks.check()) }
            #expect(!said.contains(true))
            #expect(try await fixture.queued().isEmpty)
        }
    }

    @Test(
        "what comes, gets worse and passes is said once each, in every chat, though the program is started anew between"
    )
    func story() async throws {
        try await Self.withFixture(chats: [7, -100]) { fixture in
            for findings in [[Self.full], [Self.full], [Self.full], [Self.fuller], [Self.fuller], [], []] {
                fixture.gateway.set { $0.findings = findings }
                try await fixture.started().check()
                fixture.clock.advance(minutes: 5)
            }
            let texts = try await fixture.queued().map(\.text)
            #expect(
                texts == [
                    "⚠️ диск / заполнен на 92% (порог 90%)",
                    "❌ Стало хуже: диск / заполнен на 97% (порог 95%)",
                    "✅ Прошло: диск / заполнен на 97% (порог 95%) (длилось 25 мин)",
                ])
            #expect(try await fixture.queued(-100).map(\.text) == texts)
        }
    }

    @Test("what one check finds goes into one message, the worst first, with its two buttons")
    func grouped() async throws {
        try await Self.withFixture { fixture in
            fixture.gateway.set {
                $0.findings = [Self.full, Self.finding("warn", "failed_units", nil, 2, 1)]
                $0.failedUnits = ["a.service", "nginx.service"]
                $0.services["nginx"] = "failed"
            }
            let checks = fixture.started()
            for _ in 0..<2 { try await checks.check() }
            let draft = try #require(try await fixture.queued().first)
            let lines = draft.text.split(separator: "\n").map(String.init)
            #expect(lines.first == "❌ nginx: failed (x)")
            #expect(
                lines.dropFirst().sorted() == [
                    "⚠️ a.service: завершился с ошибкой", "⚠️ диск / заполнен на 92% (порог 90%)",
                ])
            let buttons = draft.options["reply_markup"]?["inline_keyboard"]?.arrayValue?.first?.arrayValue ?? []
            #expect(buttons.map { $0["text"] } == ["Разобраться", "Тише на час"])
            #expect(buttons.allSatisfy { ($0["callback_data"]?.stringValue?.utf8.count ?? 99) <= 64 })
        }
    }

    @Test("an executor that is away, has bad rules or cannot write is an alert; what it would have said is not over")
    func executor() async throws {
        try await Self.withFixture { fixture in
            let checks = fixture.started()
            fixture.gateway.set { $0.findings = [Self.full] }
            for _ in 0..<2 { try await checks.check() }
            fixture.gateway.set { $0.isAway = true }
            for _ in 0..<3 { try await checks.check() }
            fixture.gateway.set {
                $0.isAway = false
                $0.status = ["policy": ["fault": "line 3"], "audit": ["available": false]]
            }
            for _ in 0..<2 { try await checks.check() }
            let texts = try await fixture.queued().map(\.text)
            #expect(texts.count == 3 && texts[1].contains("devops-executor недоступен"))
            #expect(texts[1].contains("nobody listens") && !texts.joined().contains("Прошло: диск"))
            for words in ["Прошло: исполнитель", "line 3", "журнал аудита не записывается"] {
                #expect(texts[2].contains(words), "\(texts[2])")
            }
        }
    }

    @Test("an executor that takes a call and gives no answer is away too")
    func hung() async throws {
        final class Hung: ExecutorGateway {
            func health(actor: Actor) async throws -> ToolResult { try await never() }
            func check(service: String, actor: Actor) async throws -> ToolResult { try await never() }
            func logs(of service: String, actor: Actor) async throws -> ToolResult { try await never() }
            func status() async throws -> JSONValue { try await never() }
            func note(_ event: String, detail: [String: JSONValue], actor: Actor) async throws {}
            private func never<Value>() async throws -> Value {
                try await Task.sleep(for: .seconds(3600))
                throw ToolboxError("never")
            }
        }
        var inspector = Inspector(executor: Hung(), services: ["nginx"], words: Words(.english))
        inspector.patience = .milliseconds(20)
        let result = await inspector.inspect()
        #expect(result.examined == [.executor] && result.observations.map(\.key) == ["executor"])
        #expect(await inspector.health() == nil)
    }

    @Test("a service that is not there, or that nobody may ask about, is said to be so")
    func strangeServices() async throws {
        try await Self.withFixture(services: ["nginx", "none"]) { fixture in
            fixture.gateway.set { $0.services = ["none": "not-found"] }
            let checks = fixture.started()
            for _ in 0..<2 { try await checks.check() }
            #expect(try await fixture.queued().map(\.text) == ["❌ none: такого юнита нет (CHECK_SERVICES)"])
        }
    }

    @Test("a service that is no longer in the settings is forgotten, not reported over")
    func removed() async throws {
        try await Self.withFixture { fixture in
            fixture.gateway.set { $0.services["nginx"] = "failed" }
            let checks = fixture.started()
            for _ in 0..<2 { try await checks.check() }
            var later = fixture
            later.plan.services = []
            for _ in 0..<3 { try await later.started().check() }
            #expect(try await fixture.queued().count == 1)
            #expect(try await fixture.store.alerts().isEmpty)
        }
    }

    @Test("in quiet hours a warning waits for their end, across a start of the program; what is critical does not wait")
    func quietHours() async throws {
        try await Self.withFixture(quiet: "10:00-11:00") { fixture in
            fixture.gateway.set { ($0.findings, $0.services) = ([Self.full], ["nginx": "failed"]) }
            for _ in 0..<3 { try await fixture.started().check() }
            #expect(try await fixture.queued().map(\.text) == ["❌ nginx: failed (x)"])
            fixture.clock.advance(minutes: 61)
            try await fixture.started().check()
            #expect(try await fixture.queued().last?.text.contains("диск /") == true)
        }
    }

    @Test("«Тише на час» holds an hour, also across a start of the program, and lets what is critical through")
    func hourOfQuiet() async throws {
        try await Self.withFixture { fixture in
            _ = try await fixture.started().beQuiet()
            fixture.gateway.set { $0.findings = [Self.full] }
            for _ in 0..<3 { try await fixture.started().check() }
            #expect(try await fixture.queued().isEmpty)
            fixture.clock.advance(minutes: 59)
            fixture.gateway.set { $0.findings = [Self.fuller] }
            for _ in 0..<2 { try await fixture.started().check() }
            #expect(try await fixture.queued().count == 1)
            fixture.clock.advance(minutes: 2)
            fixture.gateway.set { $0.findings = [] }
            for _ in 0..<2 { try await fixture.started().check() }
            #expect(try await fixture.queued().last?.text.hasPrefix("✅ Прошло") == true)
        }
    }

    @Test("more than fits is counted, and the whole is one message that Telegram takes", arguments: ["x", "🙂", "é"])
    func many(_ letter: String) async throws {
        try await Self.withFixture { fixture in
            fixture.gateway.set {
                $0.findings = (0..<60).map {
                    Self.finding("warn", "read_only", .string("/\($0)\(String(repeating: letter, count: 500))"))
                }
            }
            let checks = fixture.started()
            for _ in 0..<2 { try await checks.check() }
            let drafts = try await fixture.queued()
            let text = try #require(drafts.first).text
            let shown = text.split(separator: "\n").count - 1
            #expect(drafts.count == 1 && shown > 10 && text.hasSuffix("… и ещё \(60 - shown)"))
            #expect((3000...AlertPost.maximumText).contains(text.utf16.count))
        }
    }

    @Test("the report comes once a day, after its time, with the state, the incidents and the audit log's head")
    func report() async throws {
        try await Self.withFixture(reportAt: "10:30") { fixture in
            try await fixture.store.saveIncident(
                StoredIncident(
                    time: Date(timeIntervalSince1970: 1_795_000_000), userID: 7, query: "nginx упал", resolution: "r",
                    tools: [], success: true, duration: .seconds(1)))
            let (woken, wakes) = AsyncStream.makeStream(of: Void.self)
            func run(until body: () async throws -> Void) async throws {
                let checks = fixture.started()
                let running = Task { await checks.run { wakes.yield() } }
                try await body()
                running.cancel()
                await running.value
            }
            // The first start of all, before the time: nothing yet; after it, the report.
            try await run {
                while try await fixture.store.state("checks.last_report_day") == nil { await Task.yield() }
            }
            #expect(try await fixture.queued().isEmpty)
            fixture.clock.set(day: "2026-11-25", minute: 631)
            try await run { for await _ in woken { break } }
            let text = try #require(try await fixture.queued().first).text
            for words in ["Отчёт за сутки", "✅ nginx: active", "Инцидентов за сутки: 1", "nginx упал", "--head abc123"]
            {
                #expect(text.contains(words), "\(text)")
            }
            try await run { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await fixture.queued().count == 1)
            fixture.gateway.set { $0.isAway = true }
            fixture.clock.set(day: "2026-11-26", minute: 640)
            try await run { for await _ in woken { break } }
            let second = try #require(try await fixture.queued().last).text
            #expect(second.contains("недоступен") && second.contains("голова неизвестна"))
        }
    }
}

@Suite("The buttons under an alert", .timeLimit(.minutes(1)))
struct AlertButtonTests {
    private static func alert(_ fixture: FrontEndFixture) async throws -> TelegramStandIn.Sent {
        fixture.gateway.set { $0.services["nginx"] = "failed" }
        for _ in 0..<2 { try await fixture.checks.check() }
        // Nothing has been woken: the next answer brings it along.
        await fixture.settle()
        return await fixture.telegram.waitForMessage { $0.text.contains("nginx: failed") }
    }

    private static let plan = CheckPlan(interval: .seconds(3600), services: ["nginx"], chatIDs: [7])

    @Test("«Разобраться» asks the agent, for the person who pressed; a second press, or another's, does not ask again")
    func investigate() async throws {
        try await FrontEndFixture.run(plan: Self.plan) { fixture in
            let alert = try await Self.alert(fixture)
            let data = alert.buttons[0].data
            fixture.telegram.tap(data, on: alert, from: 666)
            fixture.telegram.tap(data, on: alert, from: 8)
            _ = await fixture.telegram.waitForMessage {
                $0.id == alert.id && $0.text.contains("🔧") && $0.buttons.isEmpty
            }
            _ = await fixture.telegram.waitForMessage { $0.text.hasPrefix("answer to nginx не работает") }
            fixture.telegram.tap(data, on: alert)
            await fixture.settle(from: 7)
            #expect(fixture.agent.requests.map(\.actor.userID) == ["8"])
            #expect(fixture.agent.requests.first?.text == "nginx не работает: найди причину, исправь и проверь.")
            #expect(fixture.gateway.state.withLock { $0.notes.map(\.event) } == ["stranger_button"])
        }
    }

    @Test("«Тише на час» says until when, leaves the other button, and is in the audit log with whoever pressed")
    func quiet() async throws {
        try await FrontEndFixture.run(plan: Self.plan) { fixture in
            let alert = try await Self.alert(fixture)
            fixture.telegram.tap(alert.buttons[1].data, on: alert)
            let marked = await fixture.telegram.waitForMessage { $0.id == alert.id && $0.text.contains("🔕 До ") }
            #expect(marked.buttons.map(\.text) == ["Разобраться"])
            await fixture.settle()
            #expect(fixture.gateway.state.withLock { $0.notes.map(\.event) } == ["alerts_quiet"])
            #expect(fixture.agent.requests.isEmpty)
        }
    }

    @Test("a made-up button is nothing", arguments: ["a:none", "q", "a:", "z:1"])
    func madeUp(_ data: String) async throws {
        try await FrontEndFixture.run(plan: Self.plan) { fixture in
            let alert = try await Self.alert(fixture)
            fixture.telegram.tap(data, on: alert)
            await fixture.settle()
            #expect(fixture.agent.requests.isEmpty && fixture.texts(7).count == 1)
        }
    }
}
