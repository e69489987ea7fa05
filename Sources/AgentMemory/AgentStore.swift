package import Foundation
import GRDB

/// All the agent remembers: one SQLite file, opened once, shared by every part of the program.
///
/// Each method is one transaction: after it returns, what it wrote survives a kill and a power cut.
/// A second process may have the same file open. Cancelling the task of a read ends the read.
package final class AgentStore: Sendable {
    /// Longest wait for another process that is writing.
    package static let busyTimeout: TimeInterval = 5
    /// A larger file is not read through when it is opened.
    package static let largestCheckedFile = 32 << 20

    let pool: DatabasePool
    let now: @Sendable () -> Date
    /// Where the file is.
    package let path: String

    /// Opens the database, making it, and its directory, where missing; brings an older schema up to date.
    ///
    /// A directory made here has mode 0700, the file 0600. An existing directory is left as it is.
    ///
    /// - Throws: ``AgentStoreError``.
    package init(path: String, now: @escaping @Sendable () -> Date = { Date() }) throws {
        (self.path, self.now) = (path, now)
        try Self.makeFile(at: path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration)
            try Self.check(pool, path: path)
            try Schema.migrator.migrate(pool)
        } catch let error as DatabaseError {
            throw AgentStoreError(error, path: path)
        }
    }

    /// Closes the file; every later call throws.
    package func close() throws { try pool.close() }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.prepareDatabase { db in
            // WAL's default (NORMAL) may lose the last commits in a power cut: an update whose offset
            // Telegram has already been told.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    private static func check(_ pool: DatabasePool, path: String) throws {
        try pool.read { db in
            guard try !Schema.migrator.hasBeenSuperseded(db) else {
                throw AgentStoreError(
                    .newerSchema,
                    "\(path) was written by a newer version of devops-agent; run that version, or name another file.")
            }
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= largestCheckedFile else { return }
            let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
            guard verdict == "ok" else {
                throw AgentStoreError(
                    .corrupt, AgentStoreError.corruptMessage(path: path, detail: verdict ?? "no answer"))
            }
        }
    }

    /// The file exists with mode 0600 before SQLite opens it; its `-wal` and `-shm` take the same mode.
    private static func makeFile(at path: String) throws {
        let directory = (path as NSString).deletingLastPathComponent
        do {
            if !directory.isEmpty, !FileManager.default.fileExists(atPath: directory) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw AgentStoreError(.unusable, "The directory \(directory) cannot be made: \(reason(errno)).")
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw AgentStoreError(.unusable, "\(path) cannot be opened for writing: \(reason(errno)).")
        }
        defer { _ = Foundation.close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else {
            throw AgentStoreError(.unusable, "\(path) is not this user's own: \(reason(errno)).")
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

extension AgentStoreError {
    static func corruptMessage(path: String, detail: String) -> String {
        "\(path) is not a sound SQLite database (\(detail)); restore it from a backup, or move it away to start anew."
    }

    /// Only SQLite's own words go into the message: neither the statement nor its arguments.
    init(_ error: DatabaseError, path: String) {
        let detail = error.message ?? "error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupt, Self.corruptMessage(path: path, detail: detail))
        default:
            self.init(.unusable, "\(path) cannot be used: \(detail).")
        }
    }
}

extension Date {
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
