import CLinux
import ExecutorPolicy
import Glibc
import Wire

/// Watches one child to its end: its output, its time, and whoever says stop.
///
/// Ending is a sequence of steps, each with its patience: SIGTERM to the whole tree, two seconds, SIGKILL to the
/// same. A grandchild that holds the pipe after the child has ended is given a moment, and then is killed too.
struct Supervisor {
    let child: Child
    let grant: Grant
    let deadline: ContinuousClock.Instant
    let timeout: Duration
    /// Between SIGTERM and SIGKILL.
    let patience: Duration
    /// For a grandchild that holds the pipe after the child has ended.
    let drain: Duration
    /// Becomes readable when somebody says stop.
    let stop: Descriptor
    let stopReason: @Sendable () -> Cancellation.Reason?
    let descendants: Descendants

    private enum Phase: Equatable {
        case running
        case terminating(until: ContinuousClock.Instant)
        case killed(until: ContinuousClock.Instant)
        /// The child has ended; somebody still holds its pipe.
        case draining(until: ContinuousClock.Instant)
    }

    private var phase = Phase.running
    private var ending = RunResult.Ending.itself
    private var status: Int32?
    private var usage = rusage()
    /// Standard output, and standard error where it has a pipe of its own.
    private var streams: [ChildStream]
    private let started = ContinuousClock.now

    init(
        child: Child, grant: Grant, timeout: Duration, patience: Duration, drain: Duration, stop: Descriptor,
        streams: [ChildStream], stopReason: @escaping @Sendable () -> Cancellation.Reason?, descendants: Descendants
    ) {
        (self.child, self.grant, self.timeout, self.stop) = (child, grant, timeout, stop)
        (self.patience, self.drain, self.streams) = (patience, drain, streams)
        (self.stopReason, self.descendants) = (stopReason, descendants)
        deadline = .now + timeout
    }

    private var isOutputOpen: Bool { streams.contains(where: \.isOpen) }

    mutating func run() -> RunResult {
        while status == nil || isOutputOpen {
            waitForEvent()
            act()
            if status == nil, !isOutputOpen || phase != .running { checkEnd(blocking: false) }
            if case .killed(let until) = phase, until < .now, status != nil { break }
        }
        endTheRest()
        finishOutput()
        return result()
    }

    /// Descendants that hold no pipe may still be at their end: they have the rest of the same patience.
    private mutating func endTheRest() {
        guard case .terminating(let until) = phase else { return }
        while !descendants.isEmpty, .now < until { usleep(10_000) }
        if !descendants.isEmpty { killAll() }
    }

    // MARK: Events

    private mutating func waitForEvent() {
        var polled = [
            pollfd(fd: status == nil ? child.pidfd.number : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: phase == .running ? stop.number : -1, events: Int16(POLLIN), revents: 0),
        ]
        for stream in streams {
            // A slow reader holds the child back, but not its end: what is left in the pipe then is read at once.
            let (output, room) = stream.polled(isHeld: phase == .running && stream.isHeld)
            polled += [output, room]
        }
        let wait = nextDeadline - .now
        let milliseconds = Int32(
            max(
                0, min(60_000, wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000 + 1)
            ))
        guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return }
        for index in streams.indices {
            if polled[2 + 2 * index].revents != 0 { streams[index].readPipe() }
            if polled[3 + 2 * index].revents != 0 { streams[index].takeRoom() }
        }
        if polled[0].revents != 0 { checkEnd(blocking: true) }
        if polled[1].revents != 0, let reason = stopReason() {
            terminate(reason == .stopping ? .stopping : .cancelled)
        }
    }

    private var nextDeadline: ContinuousClock.Instant {
        switch phase {
        case .running: deadline
        case .terminating(let until), .killed(let until), .draining(let until): until
        }
    }

    private mutating func act() {
        guard nextDeadline <= .now else { return }
        switch phase {
        case .running: terminate(.timeout(timeout))
        case .terminating, .draining: killAll()
        case .killed: for index in streams.indices { streams[index].giveUp() }
        }
    }

    private mutating func terminate(_ reason: RunResult.Ending) {
        ending = reason
        descendants.signal(SIGTERM)
        phase = .terminating(until: .now + patience)
    }

    private mutating func killAll() {
        descendants.signal(SIGKILL)
        phase = .killed(until: .now + patience)
    }

    private mutating func checkEnd(blocking: Bool) {
        var status: Int32 = 0
        let waited = wait4(child.processID, &status, blocking ? 0 : Int32(WNOHANG), &usage)
        guard waited == child.processID else { return }
        self.status = status
        if isOutputOpen, phase == .running { phase = .draining(until: .now + drain) }
    }

    // MARK: Output

    private mutating func finishOutput() {
        let patience = ending == .itself ? patience : .zero
        for index in streams.indices { streams[index].finish(within: patience) }
    }

    private func result() -> RunResult {
        let status = status ?? SIGKILL
        let signal = status & 0x7F
        return RunResult(
            termination: signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal), ending: ending,
            output: streams.first?.buffer.text() ?? "",
            errorOutput: streams.count > 1 ? streams[1].buffer.text() : nil,
            outputBytes: streams.reduce(0) { $0 + $1.buffer.total },
            isOutputCut: streams.contains { $0.buffer.isCut },
            maskedSecrets: streams.reduce(0) { $0 + $1.maskedSecrets },
            duration: .now - started, cpuTime: Self.duration(usage.ru_utime) + Self.duration(usage.ru_stime),
            peakMemoryBytes: descendants.group?.peakMemory ?? usage.ru_maxrss << 10, processID: child.processID)
    }

    private static func duration(_ time: timeval) -> Duration {
        .seconds(time.tv_sec) + .microseconds(Int64(time.tv_usec))
    }
}
