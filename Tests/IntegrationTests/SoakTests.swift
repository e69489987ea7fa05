import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Wire

/// Calls of every kind from as many clients as are served; `SOAK_SECONDS` says for how long at a time (6).
@Suite("An executor under load", .serialized, .timeLimit(.minutes(30)))
struct SoakTests {
    private static let seconds = ProcessInfo.processInfo.environment["SOAK_SECONDS"].flatMap { Int($0) } ?? 6

    @Test("memory stops growing: it stays within a tenth of what it was, over mixed calls of 32 clients")
    func soak() async throws {
        try await withExecutor(records: false) { executor in
            // How many calls are under way at once is chance, and the heap keeps what the most of them took. What grows
            // for ever is not done after the last span either.
            var (isFlat, spans) = (false, 0)
            while !isFlat, spans < 6 {
                let before = try executor.residentKilobytes()
                let count = try await calls(executor, for: .seconds(Self.seconds))
                let after = try executor.residentKilobytes()
                print("soak: \(count) calls in \(Self.seconds) s; resident \(before) KiB before, \(after) KiB after")
                #expect(count >= WireLimits.connections)
                (isFlat, spans) = (after <= before + before / 10, spans + 1)
            }
            #expect(isFlat)
            try await waitUntil {
                // The one call is this question.
                let load = try await executor.operatorClient().status()["load"]
                return load?["children"] == 0 && load?["calls"] == 1
            }
            #expect(try await executor.ctl("audit", "verify").status == 0)
        }
    }

    private func calls(_ executor: ExecutorFixture, for time: Duration) async throws -> Int {
        // The clients of the round before count until the executor has seen them go.
        try await waitUntil { try await executor.operatorClient().status()["load"]?["connections"] == 1 }
        let end = ContinuousClock.now + time
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<WireLimits.connections {
                group.addTask {
                    let client = try executor.client(answersQuestions: number % 2 == 0)
                    defer { client.close() }
                    var count = 0
                    while .now < end {
                        try await Self.call(client, (number + count) % 8)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private static func call(_ client: ExecutorClient, _ kind: Int) async throws {
        switch kind {
        case 0: _ = try await client.status()
        case 1: _ = try await client.tools()
        case 2: _ = try await client.explain(["uptime", "rm -rf /", "systemctl stop ssh"])
        case 3: #expect(try await client.run("/bin/true").success)
        case 4: #expect(try await client.run("cat /etc/shadow").refusal != nil)
        case 5: #expect(try await client.run("/usr/bin/seq 10000").success)
        case 6: _ = try await client.callTool("run_command", ["command": "/usr/bin/seq 100"], onOutput: { _ in })
        default: _ = try await client.callTool("check_port", ["port": 1])
        }
    }

    @Test("a thousand connections, half-open peers, slow readers, floods: others are served, and memory stops growing")
    func abuse() async throws {
        raiseDescriptorLimit()
        try await withExecutor(records: false) { executor in
            var (isFlat, waves) = (false, 0)
            while !isFlat, waves < 8 {
                let before = try executor.residentKilobytes()
                for _ in 0..<2 { try await wave(executor) }
                let after = try executor.residentKilobytes()
                print("abuse: resident \(before) KiB before two waves, \(after) KiB after")
                (isFlat, waves) = (after <= before + before / 10, waves + 2)
            }
            #expect(isFlat)
        }
    }

    private func wave(_ executor: ExecutorFixture) async throws {
        do {
            var peers = try Self.hostilePeers(executor.agentSocket)
            for _ in 0..<1000 { peers.append(try RawConnection(executor.agentSocket)) }
            // The agent's socket is full of them; the operator's is another.
            for _ in 0..<20 { #expect(try await executor.operatorClient().status()["pid"] != nil) }
            withExtendedLifetime(peers) {}
        }
        try await waitUntil { try await executor.operatorClient().status()["load"]?["connections"] == 1 }
        #expect(try await executor.client().run("/bin/true").success)
    }

    /// Peers that hold what they can: a message cut short, an answer never read, more requests than are served.
    private static func hostilePeers(_ socket: String) throws -> [RawConnection] {
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n"
        let output =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_command","arguments":{"command":"/usr/bin/seq 10000"},"_meta":{"progressToken":1}}}"#
            + "\n"
        let floods: [[UInt8]] = [
            Array(#"{"jsonrpc":"2.0","id":1,"method":"pi"#.utf8), Array(output.utf8),
            Array(String(repeating: ping, count: 20_000).utf8), Array(repeating: UInt8(ascii: "["), count: 900_000),
            Array(String(repeating: "\n", count: 500_000).utf8), Array(String(repeating: "{}\n", count: 100_000).utf8),
        ]
        return try (0..<24).map { number in
            let peer = try RawConnection(socket)
            peer.offer(floods[number % floods.count])
            return peer
        }
    }
}

/// A thousand connections take more descriptors than a shell gives.
private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(limit.rlim_max, 8192)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

extension ExecutorFixture {
    /// `VmRSS` of proc(5).
    func residentKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program.processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return try #require(line?.split(separator: " ").compactMap { Int($0) }.first)
    }
}
