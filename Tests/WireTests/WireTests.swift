import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Wire

/// Answers `echo` with its params, `wait` when told to, and keeps what it noticed.
private final class EchoHandler: RPCHandler {
    let noticedFaults = Mutex<[String]>([])
    let reasons = Mutex<[Cancellation.Reason]>([])
    let waiting = Condition()
    private let count = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(false)

    var calls: Int { count.load(ordering: .acquiring) }

    func open() {
        isOpen.store(true, ordering: .releasing)
        waiting.signal()
    }

    func answer(_ call: RPCCall) -> Result<JSONValue, RPCError> {
        count.add(1, ordering: .acquiringAndReleasing)
        switch call.method {
        case "echo": return .success(call.params)
        case "progress":
            for number in 0..<3 {
                call.notify(
                    "notifications/progress",
                    ["progressToken": call.params["_meta"]?["progressToken"] ?? 0, "progress": JSONValue(number)])
            }
            return .success([:])
        case "wait":
            return call.cancellation.withHandler({ [waiting] _ in waiting.signal() }) {
                _ = waiting.wait(atMost: .seconds(20)) {
                    isOpen.load(ordering: .acquiring) || call.cancellation.reason != nil
                }
                if let reason = call.cancellation.reason { reasons.withLock { $0.append(reason) } }
                return .success(["reason": JSONValue(call.cancellation.reason?.rawValue)])
            }
        default: return .failure(.methodNotFound("There is no such method."))
        }
    }

    func noticed(_ fault: String, session: RPCSession) { noticedFaults.withLock { $0.append(fault) } }
}

private func withServer(_ body: (String, EchoHandler, RPCServer) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let handler = EchoHandler()
    let path = directory.path + "/s.sock"
    let server = RPCServer(endpoints: [.init(path: path, label: "agent", mode: 0o600)], handler: handler)
    try server.start()
    try await body(path, handler, server)
    handler.open()
    server.stop(patience: .seconds(2))
}

private func until(_ condition: () -> Bool) async throws {
    for _ in 0..<500 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition())
}

@Suite("The wire", .timeLimit(.minutes(1)))
struct WireTests {
    @Test(
        "what is no message is refused with the error that answers it",
        arguments: [
            ("[]", -32600), ("{}", -32600), (#"{"jsonrpc":"2.0"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":true,"method":"x"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":"x","params":3}"#, -32600),
            (#"{"jsonrpc":"2.0","result":1}"#, -32600),
        ])
    func messages(_ text: String, _ code: Int) throws {
        let json = try JSONValue(parsing: text)
        let error = #expect(throws: RPCError.self) { try RPCMessage(json: json) }
        #expect(error?.code == code)
    }

    @Test("each kind of message is read as it was written")
    func roundTrips() throws {
        let messages: [RPCMessage] = [
            .request(id: .integer(1), method: "m", params: ["a": 1]),
            .request(id: .string("x"), method: "m", params: [:]),
            .notification(method: "n", params: [:]), .result(id: .integer(2), [1, nil]),
            .error(id: .integer(3), RPCError(code: -1, message: "m", data: ["d": true])),
        ]
        for message in messages {
            let read = try RPCMessage(json: message.json)
            #expect(read == message)
        }
    }

    @Test("paths that cannot be sockets are refused in a sentence")
    func paths() throws {
        let handler = EchoHandler()
        for path in [String(repeating: "x", count: 200), "/none/s.sock", "/etc/hostname"] {
            let server = RPCServer(endpoints: [.init(path: path, label: "a", mode: 0o600)], handler: handler)
            #expect(throws: SocketError.self) { try server.start() }
        }
        #expect(throws: SocketError.self) { try RPCClient.connect(to: "/none/s.sock") }
    }

    @Test("many calls at once over one connection each get their own answer")
    func concurrency() async throws {
        try await withServer { path, _, _ in
            let client = try RPCClient.connect(to: path)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        try await client.request("echo", ["n": JSONValue(number)])["n"]?.intValue == number
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            let error = await #expect(throws: RPCError.self) { try await client.request("none", [:]) }
            #expect(error?.code == -32601)
        }
    }

    @Test("cancelling tells the server, and the call gets no answer")
    func cancellation() async throws {
        try await withServer { path, handler, _ in
            let client = try RPCClient.connect(to: path)
            let task = Task { try await client.request("wait", [:]) }
            try await until { handler.calls == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await until { handler.reasons.withLock { $0 } == [.cancelled] }
            #expect(try await client.request("echo", ["a": 1])["a"] == 1)
        }
    }

    @Test("a client that leaves cancels its calls; more than the limit in flight are refused")
    func leaving() async throws {
        try await withServer { path, handler, server in
            let client = try RPCClient.connect(to: path)
            let tasks = (0..<WireLimits.callsInFlight).map { _ in Task { try await client.request("wait", [:]) } }
            try await until { handler.calls == WireLimits.callsInFlight }
            let error = await #expect(throws: RPCError.self) { try await client.request("echo", [:]) }
            #expect(error?.code == -32000)
            client.close()
            for task in tasks { _ = try? await task.value }
            try await until { server.load.calls == 0 }
            #expect(handler.reasons.withLock { $0.allSatisfy { $0 == .disconnected } })
        }
    }

    @Test("a server that stops cancels what its patience does not outlast, and takes its socket away")
    func stopping() async throws {
        try await withServer { path, handler, server in
            let client = try RPCClient.connect(to: path)
            let task = Task { try await client.request("wait", [:]) }
            try await until { handler.calls == 1 }
            server.stop(patience: .milliseconds(100))
            #expect(try await task.value["reason"] == "stopping")
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("progress comes to the call it belongs to")
    func progress() async throws {
        try await withServer { path, _, _ in
            let client = try RPCClient.connect(to: path)
            let seen = Seen()
            _ = try await client.request(
                "progress", [:], progress: { params in seen.values.withLock { $0.append(params["progress"] ?? 0) } })
            #expect(seen.values.withLock { $0 } == [0, 1, 2])
        }
    }

    private final class Seen: Sendable { let values = Mutex<[JSONValue]>([]) }

    @Test("a socket that a dead process left is replaced; one that is served is not")
    func stale() async throws {
        try await withServer { path, handler, _ in
            let second = RPCServer(endpoints: [.init(path: path, label: "a", mode: 0o600)], handler: handler)
            let error = #expect(throws: SocketError.self) { try second.start() }
            #expect(error?.message.contains("Another process listens") == true)
        }
    }

    @Test("random bytes never stop the server: the next client is served")
    func fuzz() async throws {
        try await withServer { path, _, _ in
            for _ in 0..<60 {
                let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
                let size = socklen_t(MemoryLayout<sockaddr_un>.size)
                _ = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
                }
                var bytes = (0..<2000).map { _ in UInt8.random(in: 0...255) }
                bytes += Array("\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"".utf8)
                _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                close(descriptor)
            }
            let client = try RPCClient.connect(to: path)
            #expect(try await client.request("echo", ["a": 1])["a"] == 1)
        }
    }

    @Test("a cancellation is told once, early or late, and not to those who have left")
    func cancellationValue() {
        let cancellation = Cancellation()
        let count = Counter()
        cancellation.withHandler({ _ in count.value.add(1, ordering: .relaxed) }) {}
        cancellation.withHandler({ _ in count.value.add(10, ordering: .relaxed) }) {
            cancellation.cancel(.stopping)
            cancellation.cancel(.cancelled)
        }
        cancellation.withHandler({ _ in count.value.add(100, ordering: .relaxed) }) {}
        #expect(count.value.load(ordering: .relaxed) == 110 && cancellation.reason == .stopping)
    }

    private final class Counter: Sendable { let value = Atomic<Int>(0) }
}
