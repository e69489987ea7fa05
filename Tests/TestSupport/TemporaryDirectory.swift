import Foundation
import Synchronization

/// A new private directory, removed with all that is in it when its last holder lets go of it, and at the latest when
/// the process ends: what a `static` holds is never let go of.
///
/// The one way in which a test comes by a directory of its own. A process that is killed leaves it behind.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// - Parameter parent: Where it lies; by default where `TMPDIR` says, or in `/tmp`.
    package init(beneath parent: String = NSTemporaryDirectory()) throws {
        // Short: the path of a Unix socket in it has to fit into 107 bytes.
        let name = "dt-" + UUID().uuidString.prefix(13)
        path = URL(fileURLWithPath: parent).appendingPathComponent(String(name)).path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        Remaining.add(path)
    }

    deinit { remove() }

    /// Writes a file beneath it, making the directories on the way.
    package func write(_ name: String, _ text: String) throws {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    fileprivate func remove() { Remaining.remove(path) }
}

/// Runs the body with the path of a new private directory, removed however the body ends.
package func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try body(directory.path)
}

/// ``withTemporaryDirectory(_:)-(_)`` for a body that waits.
package func withTemporaryDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Result
) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    return try await body(directory.path)
}

/// The directories that are still there.
private enum Remaining {
    private static let paths = Mutex<Set<String>>([])
    private static let untilExit: Void = { _ = atexit { Remaining.removeAll() } }()

    static func add(_ path: String) {
        untilExit
        paths.withLock { _ = $0.insert(path) }
    }

    static func remove(_ path: String) {
        guard paths.withLock({ $0.remove(path) }) != nil else { return }
        // Best effort: a test that took its own rights away has failed already.
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func removeAll() {
        for path in paths.withLock({ $0 }) { remove(path) }
    }
}
