import CLinux
import Glibc
import Synchronization
import Wire

/// Hands a child's output to its reader on a thread of its own, so that a reader who does not read holds up the
/// child and nothing else: neither its time-out nor its cancellation.
final class OutputPump: Sendable {
    /// While more than this is waiting, the child's pipe is not read: it fills, and the child waits.
    private static let highWater = 64 << 10
    /// What may be waiting at most: above the mark, the rest of the pipe after the child's end.
    private static let capacity = 4 * highWater

    private struct State {
        var waiting: [[UInt8]] = []
        /// Of the waiting and of the one that is being handed over.
        var bytes = 0
        var isClosed = false
    }

    /// Becomes readable when there is room again.
    let room: Descriptor
    private let reader: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let changed = Condition()

    init(_ reader: @escaping @Sendable (String) -> Void) throws(RunnerError) {
        self.reader = reader
        room = try Descriptor.event()
        do throws(SocketError) {
            try BackgroundThread.start(named: "output") { [self] in deliver() }
        } catch {
            throw RunnerError(.cannotStart, error.message)
        }
    }

    var hasRoom: Bool { state.withLock { $0.bytes <= Self.highWater } }

    /// Never waits. What finds no room is left out, and so is all that follows it: the answer has it.
    func offer(_ chunk: [UInt8]) {
        state.withLock { state in
            guard !state.isClosed else { return }
            guard state.bytes + chunk.count <= Self.capacity else {
                state.isClosed = true
                return
            }
            state.waiting.append(chunk)
            state.bytes += chunk.count
        }
        changed.signal()
    }

    /// Waits until all was handed over, at most `limit`; what is then left is dropped.
    func finish(within limit: Duration) {
        _ = changed.wait(atMost: limit) { state.withLock { $0.bytes == 0 } }
        state.withLock { state in
            state.isClosed = true
            state.waiting = []
        }
        changed.signal()
    }

    private func deliver() {
        while let chunk = next() {
            reader(String(decoding: chunk, as: UTF8.self))
            state.withLock { $0.bytes -= chunk.count }
            changed.signal()
            room.raise()
        }
    }

    /// The next chunk, waited for; `nil` when there will be none.
    private func next() -> [UInt8]? {
        while true {
            let isThere = changed.wait(atMost: .seconds(60)) {
                state.withLock { !$0.waiting.isEmpty || $0.isClosed }
            }
            guard isThere else { continue }
            return state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
        }
    }
}

/// The threads that hand a child's output over as it comes.
struct Pumps {
    let output: OutputPump?
    let errorOutput: OutputPump?

    init(
        output: (@Sendable (String) -> Void)?, errorOutput: (@Sendable (String) -> Void)?
    ) throws(RunnerError) {
        self.output = try output.map { reader throws(RunnerError) in try OutputPump(reader) }
        self.errorOutput = try errorOutput.map { reader throws(RunnerError) in try OutputPump(reader) }
    }

    func finish() {
        output?.finish(within: .zero)
        errorOutput?.finish(within: .zero)
    }
}
