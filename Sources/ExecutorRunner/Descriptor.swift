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
}

extension RunnerError {
    static func system(_ what: String) -> RunnerError {
        RunnerError(.cannotStart, "\(what): \(String(cString: strerror(errno))).")
    }
}
