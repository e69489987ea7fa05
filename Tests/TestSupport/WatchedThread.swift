import Foundation
import Synchronization

/// A thread of which it can be told that it has come to where it waits: no time has to be guessed.
package final class WatchedThread: Sendable {
    /// Beneath `/proc`: `12/task/34`; empty before it runs.
    private let place: PlaceBox

    private final class PlaceBox: Sendable { let value = Mutex("") }

    package init(_ body: @escaping @Sendable () -> Void) {
        let place = PlaceBox()
        self.place = place
        Thread.detachNewThread {
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            place.value.withLock { $0 = own ?? "" }
            body()
        }
    }

    /// Returns once the thread sleeps in the kernel, or has ended.
    package func waitUntilAsleep() async {
        while true {
            let own = place.value.withLock { $0 }
            let status = own.isEmpty ? "" : (try? String(contentsOfFile: "/proc/\(own)/stat", encoding: .utf8))
            // The state follows the name, which stands in parentheses; proc(5).
            guard let status, status.split(separator: ")").last?.hasPrefix(" S") != true else { return }
            await Task.yield()
        }
    }
}
