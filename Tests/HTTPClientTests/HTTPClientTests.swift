import HTTPClient
import Synchronization
import TestSupport
import Testing

@Suite("HTTPClient")
struct HTTPClientTests {
    private static func code(_ body: () async throws -> Void) async -> HTTPError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? HTTPError)?.code
        }
    }

    @Test("an address that is not http or https, and a header with a line break, are refused before anything is sent")
    func badRequests() async throws {
        let client = HTTPClient()
        for request in [
            HTTPRequest(url: "file:///etc/hosts"), HTTPRequest(url: "ftp://localhost/"), HTTPRequest(url: "http://"),
            HTTPRequest(url: "http://localhost/", headers: [("a", "b\r\nc: d")]),
        ] {
            #expect(await Self.code { _ = try await client.send(request) } == .badRequest)
        }
    }

    @Test("each way a server fails has its code")
    func faults() async throws {
        let server = try StandInServer { request in
            switch request.path {
            case "/close": .closeBeforeAnswer
            case "/cut": .cut(status: 200, headers: [], body: Array("abcdef".utf8), after: 3)
            case "/garbage": .garbage(Array("hello".utf8))
            case "/hang": .hang
            case "/large": .text(String(repeating: "x", count: 5000))
            default: .text("fine")
            }
        }
        let client = HTTPClient()
        let expected: [(String, HTTPError.Code)] = [
            ("/close", .interrupted), ("/cut", .interrupted), ("/garbage", .interrupted), ("/hang", .timeout),
            ("/large", .tooLarge),
        ]
        for (path, code) in expected {
            let request = HTTPRequest(url: server.url + path, timeout: .milliseconds(300), maximumBodyBytes: 1000)
            let found = await Self.code {
                let response = try await client.send(request)
                _ = try await response.body.collect(upTo: 1000)
            }
            #expect(found == code, "\(path)")
        }
        let port = server.port
        server.stop()
        #expect(
            await Self.code { _ = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/")) }
                == .cannotConnect)
        let unresolved = HTTPRequest(url: "http://name.invalid/secret-path")
        do {
            _ = try await client.send(unresolved)
            Issue.record("a name that cannot resolve did")
        } catch let error as HTTPError {
            #expect(error.code == .cannotConnect && !error.message.contains("secret-path"))
        }
    }

    @Test("method, headers and body arrive as they were given; the answer's head has lower-case names")
    func request() async throws {
        let server = try StandInServer { request in
            .answer(
                status: 418, headers: [("X-Kind", "Teapot")],
                body: Array("\(request.method) \(request.headers["x-a"] ?? "") ".utf8) + request.body)
        }
        let response = try await HTTPClient().send(
            HTTPRequest(method: "POST", url: server.url + "/x?y=z", headers: [("X-A", "b")], body: Array("Ж\0".utf8)))
        #expect(response.status == 418 && response.headers["x-kind"] == "Teapot")
        #expect(try await response.body.collect(upTo: 100) == Array("POST b Ж\0".utf8))
        #expect(server.requests.first?.query == "y=z" && server.violations.isEmpty)
    }

    @Test("a hundred requests at once all answer, and connections are used again")
    func concurrency() async throws {
        let server = try StandInServer { .text($0.path) }
        let client = HTTPClient()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let response = try await client.send(HTTPRequest(url: "\(server.url)/\(number)"))
                    return try await response.body.collect(upTo: 100) == Array("/\(number)".utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let before = server.connectionCount
        for _ in 0..<20 { _ = try await client.send(HTTPRequest(url: server.url)).body.collect(upTo: 100) }
        #expect(server.connectionCount <= before + 1)
    }

    @Test("cancelling the task, or letting go of the body, ends the transfer")
    func cancellation() async throws {
        let server = try StandInServer { request in
            request.path == "/hang"
                ? .hang
                : .stream(status: 200, headers: []) { writer in
                    while writer.isOpen { writer.write(String(repeating: "x", count: 1000)) }
                }
        }
        let client = HTTPClient()
        let task = Task { try await client.send(HTTPRequest(url: server.url + "/hang")) }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        do {
            let response = try await client.send(HTTPRequest(url: server.url + "/stream"))
            for try await chunk in response.body {
                #expect(!chunk.isEmpty)
                break
            }
        }
        while server.abandonedCount < 2 { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("what is harmful when it is done twice is sent once, though the server reads it and closes without a word")
    func sentOnce() async throws {
        let server = try StandInServer { $0.path == "/good" ? .text("fine") : .closeBeforeAnswer }
        let client = HTTPClient()
        for (repetition, path, count) in [(Repetition.harmful, "/once", 1), (.harmless, "/again", 2)] {
            // A connection that has been used is one that libcurl would try again on another.
            _ = try await client.send(HTTPRequest(url: server.url + "/good")).body.collect(upTo: 100)
            let request = HTTPRequest(
                method: "POST", url: server.url + path, body: Array("x".utf8), repetition: repetition)
            let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
            #expect(error?.mayHaveBeenSent == true)
            #expect(server.requests.count { $0.path == path } == count)
        }
    }

    @Test("silence ends a transfer after fractions of a second; bytes that keep coming, and a slow reader, do not")
    func silence() async throws {
        let server = try StandInServer { request in
            request.path == "/slow"
                ? .slow(status: 200, headers: [], body: Array("abcdefgh".utf8), pause: .milliseconds(100)) : .hang
        }
        let client = HTTPClient()
        let began = ContinuousClock.now
        let hanging = HTTPRequest(url: server.url + "/hang", idleTimeout: .milliseconds(250))
        #expect(await Self.code { _ = try await client.send(hanging) } == .timeout)
        #expect((.milliseconds(250)..<(.seconds(5))).contains(ContinuousClock.now - began))
        let slow = HTTPRequest(url: server.url + "/slow", idleTimeout: .milliseconds(400))
        #expect(try await client.send(slow).body.collect(upTo: 100) == Array("abcdefgh".utf8))
    }

    @Test("a slow reader holds the sender back")
    func backPressure() async throws {
        let sent = Counter()
        let server = try StandInServer { _ in
            .stream(status: 200, headers: []) { writer in
                for _ in 0..<400 where writer.isOpen {
                    writer.write([UInt8](repeating: 0x78, count: 64 << 10))
                    sent.value.add(1, ordering: .relaxed)
                }
            }
        }
        let response = try await HTTPClient().send(HTTPRequest(url: server.url, timeout: nil))
        var last = -1
        // Until the sender stands still.
        while sent.value.load(ordering: .relaxed) != last {
            last = sent.value.load(ordering: .relaxed)
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(last < 400)
        var total = 0
        for try await chunk in response.body { total += chunk.count }
        #expect(total == 400 * 64 << 10)
    }

    private final class Counter: Sendable { let value = Atomic<Int>(0) }

    @Test("events are read however the bytes are cut")
    func events() throws {
        let text = ": comment\r\nevent: a\r\ndata: 1\ndata:2\n\ndata: Ж\r\rid: 7\n\nevent: x\n\ndata: end\n\n"
        for size in [1, 2, 3, 7, 1000] {
            var parser = ServerSentEvents()
            var found: [String] = []
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                found += try parser.feed(Array(bytes[start..<min(start + size, bytes.count)])).map {
                    "\($0.name)=\($0.data)"
                }
            }
            #expect(found == ["a=1\n2", "message=Ж", "message=end"])
        }
        var parser = ServerSentEvents()
        #expect(throws: HTTPError.self) {
            _ = try parser.feed([UInt8](repeating: 0x61, count: ServerSentEvents.maximumLineBytes + 1))
        }
    }
}
