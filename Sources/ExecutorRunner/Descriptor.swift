import CLinux
import Glibc
import Synchronization

/// An open file; the corresponding C function of its end is `close`.
final class Descriptor: Sendable {
    let number: Int32
    private let isOpen = Atomic<Bool>(true)

    init(_ number: Int32) { self.number = number }
    deinit { close() }

    func close() {
        if isOpen.exchange(false, ordering: .acquiringAndReleasing) { Glibc.close(number) }
    }

    /// A pipe, close-on-exec, whose reading end does not block.
    static func pipe() throws(RunnerError) -> (reading: Descriptor, writing: Descriptor) {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .system("No pipe could be made") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    /// A descriptor to wait for, which ``raise()`` makes readable; eventfd(2).
    static func event() throws(RunnerError) -> Descriptor {
        let number = clinux_eventfd()
        guard number >= 0 else { throw .system("No event descriptor could be made") }
        return Descriptor(number)
    }

    func raise() {
        var one: UInt64 = 1
        _ = write(number, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes back what ``raise()`` did.
    func lower() {
        var count: UInt64 = 0
        _ = read(number, &count, MemoryLayout<UInt64>.size)
    }
}

extension RunnerError {
    static func system(_ what: String) -> RunnerError {
        RunnerError(.cannotStart, "\(what): \(String(cString: strerror(errno))).")
    }
}
