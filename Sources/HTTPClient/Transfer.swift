import CCurl
import Synchronization

/// One request under way: filled by libcurl's thread, read by the task that waits.
///
/// The two race only over ``state``; what belongs to libcurl (the handle, the header list) its thread alone touches.
final class Transfer: Sendable {
    /// Bytes that may wait for a slow reader before the connection is paused.
    static let bufferedBytes = 256 << 10

    struct Head: Sendable {
        var status = 0
        var headers: [String: String] = [:]
    }

    private enum Ending: Sendable {
        case whole
        case failed(HTTPError)
    }

    private struct State {
        var head = Head()
        var isHeadWhole = false
        var buffer: [UInt8] = []
        var received = 0
        var ending: Ending?
        var isPaused = false
        var isTooLarge = false
        var waitingForHead: CheckedContinuation<Head, any Error>?
        var waitingForBody: CheckedContinuation<[UInt8]?, any Error>?
    }

    let id: Int
    let request: HTTPRequest
    private let state = Mutex(State())

    init(id: Int, request: HTTPRequest) { (self.id, self.request) = (id, request) }

    // MARK: The task that waits

    func head() async throws -> Head {
        try await withCheckedThrowingContinuation { continuation in
            let ready = state.withLock { state -> Result<Head, any Error>? in
                if state.isHeadWhole { return .success(state.head) }
                if case .failed(let error) = state.ending { return .failure(error) }
                state.waitingForHead = continuation
                return nil
            }
            if let ready { continuation.resume(with: ready) }
        }
    }

    /// The next bytes; `nil` at the end. `resume` is called when a paused connection may go on.
    func next(resume: () -> Void) async throws -> [UInt8]? {
        var shouldResume = false
        defer { if shouldResume { resume() } }
        let (ready, isPaused) = state.withLock { state -> (Result<[UInt8]?, any Error>?, Bool) in
            defer { state.isPaused = false }
            return (Self.take(&state), state.isPaused)
        }
        shouldResume = isPaused
        if let ready { return try ready.get() }
        return try await withCheckedThrowingContinuation { continuation in
            let ready = state.withLock { state -> Result<[UInt8]?, any Error>? in
                if let ready = Self.take(&state) { return ready }
                state.waitingForBody = continuation
                return nil
            }
            if let ready { continuation.resume(with: ready) }
        }
    }

    private static func take(_ state: inout State) -> Result<[UInt8]?, any Error>? {
        if !state.buffer.isEmpty {
            defer { state.buffer = [] }
            return .success(state.buffer)
        }
        switch state.ending {
        case .whole: return .success(nil)
        case .failed(let error): return .failure(error)
        case nil: return nil
        }
    }

    /// Whether the connection is held back until what has come is read.
    var isPaused: Bool { state.withLock { $0.isPaused } }

    // MARK: libcurl's thread

    /// One header line, the status line and the empty last one included.
    func receive(headerLine line: String) {
        let waiting = state.withLock { state -> (CheckedContinuation<Head, any Error>, Head)? in
            if line.hasPrefix("HTTP/") {
                state.head = Head(status: Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0)
            } else if line.isEmpty {
                // 1xx answers come before the real one.
                guard state.head.status >= 200 else { return nil }
                state.isHeadWhole = true
                defer { state.waitingForHead = nil }
                return state.waitingForHead.map { ($0, state.head) }
            } else if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
                state.head.headers[line[..<colon].lowercased()] = String(value)
            }
            return nil
        }
        if let (continuation, head) = waiting { continuation.resume(returning: head) }
    }

    enum Appetite { case more, pause, stop }

    func receive(body bytes: UnsafeRawBufferPointer) -> Appetite {
        let (appetite, waiting, chunk) = state.withLock {
            state -> (Appetite, CheckedContinuation<[UInt8]?, any Error>?, [UInt8]) in
            if state.buffer.count >= Self.bufferedBytes {
                state.isPaused = true
                return (.pause, nil, [])
            }
            state.received += bytes.count
            if state.received > request.maximumBodyBytes {
                state.isTooLarge = true
                return (.stop, nil, [])
            }
            state.buffer.append(contentsOf: bytes)
            guard let waiting = state.waitingForBody else { return (.more, nil, []) }
            state.waitingForBody = nil
            defer { state.buffer = [] }
            return (.more, waiting, state.buffer)
        }
        waiting?.resume(returning: chunk)
        return appetite
    }

    func finish(_ error: HTTPError?) {
        let (head, body, ending) = state.withLock {
            state -> (CheckedContinuation<Head, any Error>?, CheckedContinuation<[UInt8]?, any Error>?, Ending) in
            let tooLarge = HTTPError(
                .tooLarge, "The answer has more than \(request.maximumBodyBytes) bytes.", mayHaveBeenSent: true)
            let failure = state.isTooLarge ? tooLarge : error
            // An answer that ended before its head was one is none.
            let ending: Ending =
                failure.map { .failed($0) }
                ?? (state.isHeadWhole
                    ? .whole : .failed(HTTPError(.interrupted, "The server gave no answer.", mayHaveBeenSent: true)))
            state.ending = state.ending ?? ending
            defer { (state.waitingForHead, state.waitingForBody) = (nil, nil) }
            return (state.waitingForHead, state.waitingForBody, ending)
        }
        switch ending {
        case .whole: body?.resume(returning: nil)
        case .failed(let error):
            head?.resume(throwing: error)
            body?.resume(throwing: error)
        }
    }
}
