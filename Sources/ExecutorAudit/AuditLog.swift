import ExecutorAPI
import Glibc
import StrictJSON
import Synchronization
import Wire

/// The append-only, hash-chained log.
///
/// Appending is safe from any thread. While several threads wait for the disk, one `fdatasync` serves them all.
/// After a failed write or sync it refuses every record until all that was taken is on disk; it tries that with each
/// record, and with each ``maintain()``.
package final class AuditLog: Sendable {
    package enum Durability: Sendable {
        /// On disk when ``append(_:durability:)`` returns.
        case synced
        /// In the kernel's hands: survives the daemon, not a power cut.
        case buffered
    }

    /// A copy of a record's line, without its newline.
    package typealias Mirror = @Sendable (ArraySlice<UInt8>) -> Void

    private struct State {
        var writer: AuditWriter
        /// A thread waits for the disk, without the lock.
        var isSyncing = false
        var isClosed = false
    }

    package let publicKey: String
    /// Calls that a crash cut short, as recorded at this start.
    package let interrupted: [String]
    private let directory: AuditDirectory
    private let disk: AuditDisk
    private let mirror: Mirror?
    private let state: Mutex<State>
    private let synced = Condition()

    /// Opens the log, cuts a torn last line off, closes intents without an outcome as *unknown*, and compares the log
    /// to its signed head.
    ///
    /// - Parameter mirror: Gets each record's line once it is written, on the thread that wrote it.
    /// - Throws: ``AuditError`` where it cannot be written or signed, or another process writes it.
    package init(
        directory path: String, stateDirectory: String, limits: AuditLimits = AuditLimits(), disk: AuditDisk = .real,
        mirror: Mirror? = nil
    ) throws(AuditError) {
        let files = AuditFiles(directory: path)
        directory = try AuditDirectory(locking: path)
        let recovery = try AuditRecovery(files)
        let start = try AuditStart(files, recovery, stateDirectory)
        (publicKey, interrupted) = (Hex.encode(start.key.publicKey), recovery.openIntents.map(\.id))
        (self.disk, self.mirror) = (disk, mirror)
        let place = AuditWriter.Place(
            directory: directory, files: files, stateDirectory: stateDirectory, limits: limits, key: start.key,
            bootID: AuditStart.bootID, disk: disk, keepsCopies: mirror != nil)
        state = Mutex(State(writer: try AuditWriter(place, recovery)))
        for event in start.events(recovery) { _ = try append(event, durability: .buffered) }
        // What an earlier life left unsigned is signed now, so that its end cannot be cut off unnoticed.
        if head.sequence > 0 { try alone(usesDisk: true) { writer throws(AuditError) in try writer.finish() } }
    }

    package var head: AuditHead { state.withLock { $0.writer.head } }

    /// False from a failed write or sync until the log is whole again.
    package var isAvailable: Bool { state.withLock { $0.writer.fault == nil } }

    /// Gives the event its place in the chain and writes it.
    ///
    /// - Throws: ``AuditError``; an intent is then not in the log, or is closed there by a refusal with its id once
    ///   the log can be written again.
    @discardableResult
    package func append(_ event: AuditEvent, durability: Durability) throws(AuditError) -> AuditHead {
        let head = try alone { writer throws(AuditError) in
            try writer.append(event)
            return writer.head
        }
        if durability == .synced { try sync(upTo: head.sequence, event) }
        return head
    }

    /// Does what is due without a record to write: mends the log, signs what has been unsigned for too long, and waits
    /// for the disk.
    ///
    /// - Throws: ``AuditError`` while the log cannot be written.
    package func maintain() throws(AuditError) {
        try alone(usesDisk: true) { writer throws(AuditError) in try writer.maintain() }
    }

    /// Signs the head and lets go of the files; nothing may be appended afterwards.
    ///
    /// - Throws: ``AuditError`` where the end could not be signed; the files are let go of all the same.
    package func close() throws(AuditError) {
        defer {
            state.withLock { $0.isClosed = true }
            directory.unlock()
        }
        try alone(usesDisk: true) { writer throws(AuditError) in try writer.finish() }
    }

    // MARK: The lock and the disk

    /// Runs `body` under the lock; what does more than write a record waits until no thread waits for the disk, so
    /// that no two syncs share an error of which the kernel tells one alone.
    private func alone<Value: Sendable>(
        usesDisk: Bool = false, _ body: (inout AuditWriter) throws(AuditError) -> Value
    ) throws(AuditError) -> Value {
        let (result, copies) = state.withLock { state -> (Result<Value, AuditError>?, [ArraySlice<UInt8>]) in
            if state.isClosed { return (.failure(AuditError("The audit log is closed.")), []) }
            if state.isSyncing, usesDisk || state.writer.isUpkeepDue { return (nil, []) }
            state.writer.isDiskTaken = state.isSyncing
            let result = Result { () throws(AuditError) in try body(&state.writer) }
            return (result, state.writer.takeCopies())
        }
        if let mirror { copies.forEach(mirror) }
        if let result { return try result.get() }
        waitForDisk()
        return try alone(usesDisk: usesDisk, body)
    }

    private func waitForDisk() {
        _ = synced.wait(atMost: .seconds(60)) { state.withLock { !$0.isSyncing } }
    }

    private enum Step {
        case wait
        case sync(AuditFile, AuditWriter.Mark)
    }

    /// Waits until the record is on disk; one thread syncs for all who wait.
    private func sync(upTo sequence: Int, _ event: AuditEvent) throws(AuditError) {
        func next() throws(AuditError) -> Step? {
            try state.withLock { state throws(AuditError) in try Self.step(&state, sequence, event) }
        }
        while let step = try next() {
            switch step {
            case .wait: waitForDisk()
            case .sync(let file, let mark): sync(file, mark)
            }
        }
    }

    /// `nil` where the disk has confirmed the record.
    private static func step(
        _ state: inout State, _ sequence: Int, _ event: AuditEvent
    ) throws(AuditError) -> Step? {
        if state.writer.confirmed.sequence >= sequence { return nil }
        if let fault = state.writer.fault {
            state.writer.abandon(event, sequence: sequence)
            throw fault
        }
        if state.isSyncing { return .wait }
        state.isSyncing = true
        return .sync(state.writer.file, state.writer.mark)
    }

    /// What is due later waits for `isSyncing`, so the file is still the same when the disk has answered.
    private func sync(_ file: AuditFile, _ mark: AuditWriter.Mark) {
        let result = Result { () throws(AuditError) in try file.sync(disk) }
        state.withLock { state in
            state.isSyncing = false
            switch result {
            case .success: state.writer.confirm(mark)
            case .failure(let error): state.writer.fail(error)
            }
        }
        synced.signal()
    }
}
