import Glibc

/// One pipe of a child's output: what came of it, masked, and who takes it as it comes.
struct ChildStream {
    private let pipe: Descriptor
    private let pump: OutputPump?
    private var masker: SecretMasker
    private(set) var buffer: OutputBuffer
    private(set) var isOpen = true

    init(pipe: Descriptor, limit: Int, masker: SecretMasker, pump: OutputPump?) {
        (self.pipe, self.masker, self.pump) = (pipe, masker, pump)
        buffer = OutputBuffer(limit: limit)
    }

    var maskedSecrets: Int { masker.count }

    /// Whether its reader is behind, so that the pipe is left to fill.
    var isHeld: Bool { pump?.hasRoom == false }

    /// What to wait for: output, or while it is held room for more.
    func polled(isHeld: Bool) -> (output: pollfd, room: pollfd) {
        (
            pollfd(fd: isOpen && !isHeld ? pipe.number : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isHeld ? pump?.room.number ?? -1 : -1, events: Int16(POLLIN), revents: 0)
        )
    }

    mutating func readPipe() {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(pipe.number, $0.baseAddress, $0.count) }
        if count > 0 {
            take(masker.feed(bytes[..<count]))
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isOpen = false
        }
    }

    func takeRoom() { pump?.room.lower() }

    /// What even SIGKILL does not end is stuck in the kernel: its output is given up.
    mutating func giveUp() { isOpen = false }

    mutating func finish(within limit: Duration) {
        take(masker.finish())
        pump?.finish(within: limit)
    }

    private mutating func take(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        buffer.append(bytes)
        pump?.offer(bytes)
    }
}
