import AgentMemory
import Foundation

/// The agent's own files, which nobody else reads.
package struct StateDirectory: Sendable {
    package let path: String

    /// What the agent keeps beside its database: screenshots to look at, projects, backups, scratch files.
    private static let folders = ["backups", "projects", "screenshots", "tmp"]

    /// - Parameter flag: Overrides `STATE_DIRECTORY`, which systemd sets.
    /// - Throws: ``SettingsError`` when it cannot be made; ``AgentStoreError`` when there is no room for it, which passes.
    package init(_ flag: String?, environment: [String: String]) throws {
        let named = environment["STATE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
        path = flag ?? named ?? "/var/lib/devops-agent"
        do {
            for folder in [path] + Self.folders.map({ path + "/" + $0 }) {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
            throw AgentStoreError(.unusable, "\(path) cannot be made: there is no room on its disk.")
        } catch {
            throw SettingsError(["\(path) cannot be made; name another directory with --state-dir."])
        }
    }

    package var database: String { path + "/agent.db" }
}
