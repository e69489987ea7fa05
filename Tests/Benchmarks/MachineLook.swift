import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport

/// The tools that look at the machine, each beside the commands a person would type; medians of interleaved rounds.
enum MachineLook {
    private static let rounds = 30

    static func health(_ executor: BenchExecutor) async throws -> JSONValue {
        try await compare(
            executor, "system_health", [:], to: "uptime; df; free; ps aux; ss -tlnp", bar: 0.5,
            ["bar_ms": 50])
    }

    /// The owner of a port while a process has twenty thousand connections open, and the listener comes after it.
    static func port(_ executor: BenchExecutor) async throws -> JSONValue {
        let crowd = try SocketCrowd(connections: 10_000)
        defer { crowd.close() }
        return try await compare(
            executor, "check_port", ["port": JSONValue(Int(crowd.port))], to: "ss -tlnp", bar: 1,
            ["open_sockets": JSONValue(crowd.count)])
    }

    private static func compare(
        _ executor: BenchExecutor, _ tool: String, _ arguments: [String: JSONValue], to command: String, bar: Double,
        _ more: [String: JSONValue]
    ) async throws -> JSONValue {
        var calls: [Double] = []
        var peers: [Double] = []
        for _ in 0..<rounds {
            calls.append(try await Latency.time { _ = try await executor.client.callTool(tool, arguments) })
            peers.append(Latency.time { Latency.spawn("/bin/sh", ["-c", "{ \(command); } >/dev/null 2>&1"]) })
        }
        let (call, peer) = (Latency.median(calls), Latency.median(peers))
        return .object(
            [
                "tool_ms": JSONValue(call), "peer": .string(command), "peer_ms": JSONValue(peer),
                "ratio": JSONValue(call / peer), "bar": JSONValue(bar),
            ].merging(more) { own, _ in own })
    }
}

/// A listener of this process, and connections to it that stay open: two sockets each.
private final class SocketCrowd {
    private(set) var port: UInt16 = 0
    private var descriptors: [Int32] = []
    var count: Int { descriptors.count }

    init(connections: Int) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptors.append(listener)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try Self.with(&address) { bind(listener, $0, $1) }
        guard listen(listener, 4096) == 0 else { throw POSIXError(.EIO) }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        port = UInt16(bigEndian: address.sin_port)
        for _ in 0..<connections {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            // Fewer where the machine allows fewer: the report says how many.
            guard client >= 0, (try? Self.with(&address) { connect(client, $0, $1) }) != nil else { break }
            descriptors.append(client)
            let server = accept(listener, nil, nil)
            guard server >= 0 else { break }
            descriptors.append(server)
        }
    }

    func close() { for descriptor in descriptors { _ = Foundation.close(descriptor) } }

    private static func with(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.EIO) }
    }
}
