import Synchronization

/// HTTP over libcurl: one thread moves the bytes, any task may wait for them.
package final class HTTPClient: Sendable {
    private let thread = CurlThread()
    private let lastID = Atomic<Int>(0)

    package init() {}

    /// Sends a request, and returns when the head of the answer is there; every status is an answer.
    ///
    /// Cancelling the task ends the transfer; so does letting go of the body.
    ///
    /// - Throws: ``HTTPError``.
    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let transfer = Transfer(id: lastID.add(1, ordering: .relaxed).newValue, request: request)
        let handle = TransferHandle(transfer: transfer, thread: thread)
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            thread.send(.start(transfer))
            // A cancellation that came between the check and the start found nothing to end.
            if Task.isCancelled { handle.cancel() }
            let head = try await transfer.head()
            return HTTPResponse(status: head.status, headers: head.headers, body: HTTPBody(handle: handle))
        } onCancel: {
            handle.cancel()
        }
    }
}

/// Ends its transfer when nobody reads it any more.
final class TransferHandle: Sendable {
    let transfer: Transfer
    private let thread: CurlThread

    init(transfer: Transfer, thread: CurlThread) { (self.transfer, self.thread) = (transfer, thread) }

    deinit { cancel() }

    func cancel() { thread.send(.cancel(transfer.id)) }
    func resume() { thread.send(.resume(transfer.id)) }
}

/// The body of an answer, in chunks as they come; read once.
package struct HTTPBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    let handle: TransferHandle

    package struct AsyncIterator: AsyncIteratorProtocol {
        let handle: TransferHandle

        package func next() async throws -> [UInt8]? {
            try await withTaskCancellationHandler {
                try await handle.transfer.next { handle.resume() }
            } onCancel: {
                handle.cancel()
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handle: handle) }

    /// All of it.
    ///
    /// - Throws: ``HTTPError`` `.tooLarge` above `limit` bytes.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            bytes += chunk
            guard bytes.count <= limit else {
                throw HTTPError(.tooLarge, "The answer has more than \(limit) bytes.", mayHaveBeenSent: true)
            }
        }
        return bytes
    }
}
