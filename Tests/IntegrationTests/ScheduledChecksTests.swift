import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("Scheduled checks over the real programs", .serialized, .timeLimit(.minutes(2)))
struct ScheduledChecksTests {
    @Test(
        "a service that stops is an alert; its button mends it; the executor that goes is one, and is over when it is back"
    )
    func story() async throws {
        try await withTemporaryDirectory { directory in
            let servers = try WebServerFixture(in: directory)
            let executor = try await ExecutorFixture(
                in: directory, allowlist: servers.allowlist, settings: "{}", tools: servers.tools)
            #expect(await servers.start("nginx") == 0)
            let telegram = try TelegramStandIn()
            let agent = try AgentFixture(
                executor, telegram,
                extra: ["CHECK_INTERVAL": "5", "CHECK_SERVICES": "nginx", "ALERT_CHAT_IDS": "7,-100500"])
            await servers.stop()
            let alert = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("❌ nginx: ") }
            _ = await telegram.waitForMessage { $0.chatID == -100_500 && $0.text.contains("❌ nginx: ") }
            #expect(alert.buttons.map(\.text) == ["Разобраться", "Тише на час"])
            telegram.tap(alert.buttons[0].data, on: alert)
            _ = await telegram.waitForMessage { $0.text.contains("Проблема решена") }
            #expect(try await servers.answer() == "nginx\n")
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("✅ Прошло: nginx") }
            let checks = try await executor.audit("outcome").filter { $0["actor"]?["session_id"] == "scheduled-check" }
            #expect(!checks.isEmpty)
            _ = await executor.stop()
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("devops-executor недоступен") }
            let second = try await executor.restarted()
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("✅ Прошло: исполнитель") }
            #expect(
                telegram.sent.filter { $0.chatID == 7 && $0.text.contains("❌ nginx: ") && !$0.text.contains("🔧") }.count
                    <= 1)
            #expect(await agent.stop() == 0)
            #expect(telegram.violations.isEmpty, "\(telegram.violations)")
            await servers.stop()
            second.send(signal: SIGTERM)
            _ = await second.exitStatus()
        }
    }
}
