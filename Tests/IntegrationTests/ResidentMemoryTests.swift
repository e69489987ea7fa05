import ExecutorAPI
import Foundation
import TestSupport
import Testing

@Suite("What daemons keep of the machine's memory while nothing happens", .timeLimit(.minutes(1)))
struct ResidentMemoryTests {
    /// A daemon feeds its watchdog after it has given memory back; twice, for the first may be amid its start.
    private static let watchdog = ["WATCHDOG_USEC": "1000000"]

    @Test("the executor gives back what only its start has needed, and serves on")
    func executor() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory, environment: Self.watchdog)
            try await Self.expectLittle(of: executor.program, executor.notify)
            #expect(try await executor.client().run("/bin/true").success)
            #expect(await executor.stop() == 0)
        }
    }

    @Test("the agent gives back what only its start has needed, and answers on")
    func agent() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory)
            let place = directory + "/notify"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let notify = try NotifySocket(directory: place)
            let telegram = try TelegramStandIn()
            let agent = try AgentFixture(
                executor, telegram, extra: Self.watchdog.merging(["NOTIFY_SOCKET": notify.path]) { $1 })
            await telegram.waitForPoll()
            try await Self.expectLittle(of: agent.program, notify)
            telegram.send("/help")
            _ = await telegram.waitForMessage { $0.text.contains("/health") }
            #expect(await agent.stop() == 0)
            #expect(await executor.stop() == 0)
        }
    }

    private static func expectLittle(of program: Program, _ notify: NotifySocket) async throws {
        for _ in 0..<2 { _ = await notify.wait(for: "WATCHDOG=1") }
        let status = try String(contentsOfFile: "/proc/\(program.processID)/status", encoding: .utf8)
        let (most, now) = (try kilobytes("VmHWM:", status), try kilobytes("VmRSS:", status))
        #expect(now < most / 2, "\(now) KiB of \(most)")
    }

    private static func kilobytes(_ name: String, _ status: String) throws -> Int {
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return try #require(line?.split(separator: " ").compactMap { Int($0) }.first)
    }
}
