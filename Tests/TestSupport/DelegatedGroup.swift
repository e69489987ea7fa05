import Foundation

/// A cgroup of the test's own, marked as systemd marks those of `Delegate=` units.
package struct DelegatedGroup: Sendable {
    private static let mount = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        .split(separator: "\n").first { $0.contains(" - cgroup2 ") }?.split(separator: " ")[4]
    package static var isPossible: Bool { geteuid() == 0 && mount.map { access(String($0), W_OK) == 0 } == true }

    package let path: String

    package init() async throws {
        guard let mount = Self.mount else { throw StandInError("no cgroup v2 is mounted") }
        path = mount + "/devops-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        // Glibc's module has no setxattr(2).
        let mark = "import os, sys; os.setxattr(sys.argv[1], 'trusted.delegate', b'1')"
        guard try await Program.run("/usr/bin/python3", ["-c", mark, path]).status == 0 else {
            throw StandInError("\(path) cannot be marked as delegated")
        }
    }

    /// For `/bin/sh`: starts a program in the group.
    package func arguments(starting program: String, _ arguments: [String]) -> [String] {
        ["-c", "echo 0 > \(path)/cgroup.procs && exec \"$@\"", "sh", program] + arguments
    }

    /// The groups of calls in flight.
    package var calls: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("call-") }) ?? []
    }

    package func remove() {
        for name in calls + ["daemon"] { rmdir("\(path)/\(name)") }
        rmdir(path)
    }
}
