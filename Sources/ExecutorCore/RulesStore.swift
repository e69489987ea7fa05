import ExecutorAudit
import ExecutorPolicy
import ExecutorTools
import Synchronization

/// The administrator's files, in force: the three and the packs. A bad one at start means: deny everything; at reload: keep
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

    /// What is in force: a line for the rules, and where there are tools of the administrator's own, what they lack.
    package var summary: String {
        let rules = "\(now.policy.ruleCount) rules are in force; digest \(now.policy.digest)."
        let own = now.tools.ownTools.filter { now.tools.entry(of: $0.name).isEnabled }
        guard !own.isEmpty else { return rules }
        let missing = own.compactMap { tool in tool.missingProgram.map { "\(tool.name): \($0)" } }
        let there = "\(own.count) tools of your own, \(own.count - missing.count) with their program."
        return ([rules, there] + missing).joined(separator: "\n")
    }

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
        let packs = try packs(in: directories.packs)
        let settings = try reading(\.message) { () throws(PolicyError) in
            try PolicySettings(parsing: settingsBytes ?? Array("{}".utf8), name: directories.settingsFile)
        }
        let tools = try reading(\.message) { () throws(ToolSettingsError) in
            try ToolSettings(parsing: toolsBytes, name: directories.toolsFile, packs: packs, policy: settings)
        }
        let policy = try reading(\.message) { () throws(PolicyError) in
            try Policy(
                allowlist: allowlist, allowlistName: directories.allowlistFile, settings: settings,
                ownCommands: tools.ownTools.map(\.command),
                digest: digest(
                    of: [allowlist, settingsBytes ?? [], toolsBytes ?? []]
                        + packs.flatMap { [Array($0.name.utf8), $0.bytes] }))
        }
        return Current(policy: policy, settings: settings, tools: tools, fault: nil)
    }

    /// What a reader of one of the files throws, as this module's own error.
    private static func reading<Value, Failure: Error>(
        _ message: (Failure) -> String, _ body: () throws(Failure) -> Value
    ) throws(ExecutorError) -> Value {
        do throws(Failure) { return try body() } catch { throw ExecutorError(.configuration, message(error)) }
    }

    /// More files of tools than this are refused.
    private static let maximumPacks = 32

    /// The files of tools beside tools.json, in the order of their names.
    private static func packs(in directory: String) throws(ExecutorError) -> [ToolSettings.Pack] {
        let names = (SystemFile.names(in: directory) ?? []).filter { $0.hasSuffix(".json") }.sorted()
        guard names.count <= maximumPacks else {
            throw ExecutorError(.configuration, "\(directory) has more than \(maximumPacks) files; join some.")
        }
        var packs: [ToolSettings.Pack] = []
        for name in names {
            let path = "\(directory)/\(name)"
            if let bytes = try bytes(of: path) { packs.append(ToolSettings.Pack(bytes: bytes, name: path)) }
        }
        return packs
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
