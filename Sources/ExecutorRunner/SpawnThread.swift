import Synchronization
import Wire

/// The one permanent thread that starts children: a child dies with the thread that started it (prctl(2),
/// `PR_SET_PDEATHSIG`), so none of the threads of calls may.
final class SpawnThread: Sendable {
    private final class Queue: Sendable {
        let jobs = Mutex<[@Sendable () -> Void]>([])
        let isClosed = Atomic<Bool>(false)
        let changed = Condition()

        func serve() {
            while !isClosed.load(ordering: .acquiring) {
                _ = changed.wait(atMost: .seconds(60)) {
                    isClosed.load(ordering: .acquiring) || jobs.withLock { !$0.isEmpty }
                }
                for job in jobs.withLock({ jobs in
                    defer { jobs = [] }
                    return jobs
                }) { job() }
            }
        }
    }

    private let queue = Queue()

    init() throws(SocketError) {
        try BackgroundThread.start(named: "spawner") { [queue] in queue.serve() }
    }

    deinit {
        queue.isClosed.store(true, ordering: .releasing)
        queue.changed.signal()
    }

    /// Runs `body` on the thread and waits for it.
    func perform<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        let box = Box<Value>()
        queue.jobs.withLock { jobs in
            jobs.append {
                let value = body()
                box.result.withLock { $0 = value }
                box.done.signal()
            }
        }
        queue.changed.signal()
        while true {
            _ = box.done.wait(atMost: .seconds(60)) { box.result.withLock { $0 != nil } }
            if let value = box.result.withLock({ $0 }) { return value }
        }
    }

    private final class Box<Value: Sendable>: Sendable {
        let result = Mutex<Value?>(nil)
        let done = Condition()
    }
}
