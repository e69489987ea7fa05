import Foundation

/// Runs the body with the path of a new private directory, removed however the body ends.
package func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = try makeTemporaryDirectory()
    defer { removeTemporaryDirectory(path) }
    return try body(path)
}

/// ``withTemporaryDirectory(_:)-(_)`` for a body that waits.
package func withTemporaryDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Result
) async throws -> Result {
    let path = try makeTemporaryDirectory()
    defer { removeTemporaryDirectory(path) }
    return try await body(path)
}

private func makeTemporaryDirectory() throws -> String {
    // Short: the path of a Unix socket in it has to fit into 107 bytes.
    let name = "dt-" + UUID().uuidString.prefix(13)
    let path = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(String(name)).path
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    return path
}

private func removeTemporaryDirectory(_ path: String) {
    // Best effort: a test that took its own rights away has failed already.
    try? FileManager.default.removeItem(atPath: path)
}
