import Foundation
import TestSupport

/// A booted machine of `scripts/guest.sh`, seen from outside.
struct Guest: Sendable {
    /// `SYSTEM_TEST_GUEST`: its folder. `SYSTEM_TEST_PACKAGES`: where the packages are that `scripts/test-system.sh` built.
    static let directory = ProcessInfo.processInfo.environment["SYSTEM_TEST_GUEST"]
    static let packages = ProcessInfo.processInfo.environment["SYSTEM_TEST_PACKAGES"] ?? "dist"
    static var isThere: Bool { directory != nil }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let scripts = root + "/scripts"

    private var directory: String { Self.directory ?? "/nonexistent" }
    private var script: String { Self.root + "/scripts/guest.sh" }

    struct Outcome: Sendable {
        var status: Int32
        /// Standard output and error.
        var text: String
    }

    /// Runs a shell's words as root inside.
    @discardableResult
    func shell(_ words: String) async throws -> Outcome {
        let result = try await Program.run(script, ["exec", directory, "--", "bash", "-c", words])
        return Outcome(status: result.status, text: result.output + result.error)
    }

    /// The same as the agent's user.
    func asAgent(_ words: String) async throws -> Outcome {
        try await shell(
            "exec setpriv --reuid devops-agent --regid devops-agent --init-groups -- bash -c '\(words)'")
    }

    /// A command of `scripts/guest.sh`: `start`, `stop`, `cut`.
    func run(_ command: String) async throws {
        let status = await DaemonStarter.run(script, [command, directory])
        guard status == 0 else { throw GuestError(words: "guest.sh \(command) ended with \(status)") }
    }

    /// Copies a file of this machine into that one.
    func put(_ file: String, at path: String) throws {
        try? FileManager.default.removeItem(atPath: directory + path)
        try FileManager.default.copyItem(atPath: file, toPath: directory + path)
    }

    /// The packages that were built, by version.
    func package(_ version: String) throws -> String {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.packages)
        guard let file = files.first(where: { $0.hasPrefix("devops-agent_\(version)_") }) else {
            throw GuestError(words: "There is no package of version \(version) in \(Self.packages).")
        }
        return Self.packages + "/" + file
    }

    /// What `body` opens is in the machine's network: its loopback is its own.
    func inNetwork<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let pid = try await Program.run(script, ["pid", directory]).output.filter(\.isNumber)
        return try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: setns(2) moves the thread that calls it, and this one ends with `body`.
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let namespace = open("/proc/\(pid)/ns/net", O_RDONLY | O_CLOEXEC)
                        defer { close(namespace) }
                        guard namespace >= 0, setns(namespace, 0) == 0 else {
                            throw GuestError(words: "No way into the network: \(String(cString: strerror(errno)))")
                        }
                        return try body()
                    })
            }
        }
    }
}

struct GuestError: Error { let words: String }
