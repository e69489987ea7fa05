import ExecutorAudit
import ExecutorPolicy
import ExecutorTools
import Synchronization

/// The administrator's three files, in force. A bad one at start means: deny everything; at reload: keep
/// the last good ones.
package final class RulesStore: Sendable {
    struct Current: Sendable {
        var policy: Policy
        var settings: PolicySettings
        var tools: ToolSettings
        /// Why the files on disk are not what is in force; `nil` where they are.
        var fault: String?
    }

    private let directories: Directories
    private let current: Mutex<Current>

    package init(_ directories: Directories) {
        self.directories = directories
        do throws(ExecutorError) {
            current = Mutex(try Self.load(directories))
        } catch {
            current = Mutex(
                Current(
                    policy: .denyAll(because: error.message), settings: PolicySettings(), tools: ToolSettings(),
                    fault: error.message))
        }
    }

    var now: Current { current.withLock { $0 } }

    /// Why the files on disk are not in force; names file, entry and remedy.
    package var fault: String? { now.fault }

    /// What is in force, in one sentence.
    package var summary: String { "\(now.policy.ruleCount) rules are in force; digest \(now.policy.digest)." }

    /// Reads the files again: parses and checks all, then swaps.
    ///
    /// - Throws: ``ExecutorError`` that names file, entry and remedy; what was in force stays so.
    package func reload() throws(ExecutorError) {
        do throws(ExecutorError) {
            let loaded = try Self.load(directories)
            current.withLock { $0 = loaded }
        } catch {
            current.withLock { $0.fault = error.message }
            throw error
        }
    }

    private static func load(_ directories: Directories) throws(ExecutorError) -> Current {
        guard case .bytes(let allowlist) = try TrustedFile.read(directories.allowlistFile) else {
            throw ExecutorError(
                .configuration, "\(directories.allowlistFile) is missing; copy config/allowlist.json there.")
        }
        let settingsBytes = try bytes(of: directories.settingsFile)
        let toolsBytes = try bytes(of: directories.toolsFile)
        do {
            let settings = try settingsBytes.map { bytes throws(PolicyError) in
                try PolicySettings(parsing: bytes, name: directories.settingsFile)
            }
            let tools = try toolsBytes.map { bytes throws(ToolSettingsError) in
                try ToolSettings(parsing: bytes, name: directories.toolsFile)
            }
            let policy = try Policy(
                allowlist: allowlist, allowlistName: directories.allowlistFile,
                settings: settings ?? PolicySettings(),
                digest: digest(of: [allowlist, settingsBytes ?? [], toolsBytes ?? []]))
            return Current(
                policy: policy, settings: settings ?? PolicySettings(), tools: tools ?? ToolSettings(), fault: nil)
        } catch let error as PolicyError {
            throw ExecutorError(.configuration, error.message)
        } catch let error as ToolSettingsError {
            throw ExecutorError(.configuration, error.message)
        } catch {
            throw ExecutorError(.configuration, "The configuration cannot be used: \(error).")
        }
    }

    /// A file that may be missing.
    private static func bytes(of path: String) throws(ExecutorError) -> [UInt8]? {
        if case .bytes(let bytes) = try TrustedFile.read(path) { bytes } else { nil }
    }

    /// Each file with its length before it, so that no two sets of files read alike.
    private static func digest(of files: [[UInt8]]) -> String {
        Hex.encode(Crypto.sha256(files.flatMap { Array("\($0.count):".utf8) + $0 }))
    }
}
