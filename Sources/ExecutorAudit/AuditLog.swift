import ExecutorAPI
import Glibc
import StrictJSON
import Synchronization
import Wire

/// The append-only, hash-chained log.
///
/// Appending is safe from any thread. While several threads wait for the disk, one `fdatasync` serves them all.
/// A log that cannot be written refuses every further record, and tries again with the next one.
package final class AuditLog: Sendable {
    package enum Durability: Sendable {
        /// On disk when ``append(_:durability:)`` returns.
        case synced
        /// In the kernel's hands: survives the daemon, not a power cut.
        case buffered
    }

    private struct State {
        var descriptor: Int32
        var number: Int
        var length: Int
        var day: String
        var head: AuditHead
        var lastCheckpoint: ContinuousClock.Instant
        var headAtCheckpoint = 0
        var fault: String?
        /// Records on disk, and whether a thread is putting more there.
        var syncedSequence: Int
        var isSyncing = false
    }

    package let publicKey: String
    /// Calls that a crash cut short, as recorded at this start.
    package let interrupted: [String]
    private let files: AuditFiles
    private let limits: AuditLimits
    private let key: SigningKey
    private let bootID: String
    private let lock: Int32
    private let state: Mutex<State>
    private let synced = Condition()

    /// Opens the log, cuts a torn last line off, and closes intents without an outcome as *unknown*.
    ///
    /// - Throws: ``AuditError`` where it cannot be written, or another process writes it.
    package init(directory: String, stateDirectory: String, limits: AuditLimits = AuditLimits()) throws(AuditError) {
        files = AuditFiles(directory: directory)
        self.limits = limits
        lock = try Self.lock(directory)
        key = try Self.loadKey(stateDirectory + "/audit.key")
        publicKey = Hex.encode(key.publicKey)
        bootID = Self.readBootID()
        let recovery = try AuditRecovery(files)
        let number = recovery.number
        let descriptor = try Self.open(files.path(number))
        state = Mutex(
            State(
                descriptor: descriptor, number: number, length: recovery.length,
                day: String(Timestamp.now().day),
                head: AuditHead(sequence: recovery.sequence, hash: recovery.hash, file: AuditFiles.name(number)),
                lastCheckpoint: .now, syncedSequence: recovery.sequence))
        interrupted = recovery.openIntents.map(\.id)
        for intent in recovery.openIntents {
            var event = AuditEvent(.unknown)
            (event.id, event.operation, event.call) = (intent.id, intent.operation, intent.call)
            event.detail = ["reason": "the executor ended before the outcome was recorded"]
            _ = try append(event, durability: .synced)
        }
        if recovery.tornBytes > 0 {
            var event = AuditEvent(.note)
            event.tool = "audit_recovered"
            event.detail = ["torn_bytes": JSONValue(recovery.tornBytes)]
            _ = try append(event, durability: .synced)
        }
    }

    package var head: AuditHead { state.withLock { $0.head } }

    /// False while the last record could not be written.
    package var isAvailable: Bool { state.withLock { $0.fault == nil } }

    /// Gives the event its place in the chain and writes it.
    ///
    /// - Throws: ``AuditError``; the event is then not in the log, unless its line was written and only the
    ///   disk's confirmation failed.
    package func append(_ event: AuditEvent, durability: Durability) throws(AuditError) -> AuditHead {
        let (outcome, head) = state.withLock { state -> (AuditError?, AuditHead) in
            do throws(AuditError) {
                try rotateIfDue(&state)
                try write(event, &state)
                if state.lastCheckpoint + limits.checkpointInterval < .now { try writeCheckpoint(&state) }
                state.fault = nil
                return (nil, state.head)
            } catch {
                state.fault = error.message
                return (error, state.head)
            }
        }
        if let outcome { throw outcome }
        if durability == .synced { try sync(upTo: head.sequence) }
        return head
    }

    /// Signs the head and lets go of the files; nothing may be appended afterwards.
    package func close() {
        state.withLock { state in
            if state.head.sequence > state.headAtCheckpoint { try? writeCheckpoint(&state) }
            fdatasync(state.descriptor)
            Glibc.close(state.descriptor)
            state.descriptor = -1
        }
        Glibc.close(lock)
    }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        if descriptor >= 0 {
            Glibc.close(descriptor)
            Glibc.close(lock)
        }
    }

    // MARK: Writing, under the lock

    private func write(_ event: AuditEvent, _ state: inout State) throws(AuditError) {
        let members = event.members(time: .now(), bootID: bootID).encoded()
        let (line, hash) = AuditLine.make(
            previous: state.head.hash, sequence: state.head.sequence + 1, members: members)
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = AuditError.system("write", files.path(state.number))
                // Half a line would hide the next whole one.
                ftruncate(state.descriptor, off_t(state.length))
                throw error
            }
            rest = rest.dropFirst(count)
        }
        state.length += line.count
        (state.head.sequence, state.head.hash) = (state.head.sequence + 1, hash)
    }

    private func writeCheckpoint(_ state: inout State) throws(AuditError) {
        var event = AuditEvent(.checkpoint)
        let message = AuditCheckpoint.message(sequence: state.head.sequence, hash: state.head.hash)
        event.detail = [
            "signed_seq": JSONValue(state.head.sequence), "signed_hash": .string(state.head.hash),
            "signature": .string(Hex.encode(key.sign(message))),
        ]
        try write(event, &state)
        state.lastCheckpoint = .now
        state.headAtCheckpoint = state.head.sequence
    }

    private func rotateIfDue(_ state: inout State) throws(AuditError) {
        let today = String(Timestamp.now().day)
        guard state.length > 0, state.length >= limits.fileBytes || state.day != today else { return }
        try writeCheckpoint(&state)
        guard fdatasync(state.descriptor) == 0 else { throw .system("sync", files.path(state.number)) }
        state.syncedSequence = state.head.sequence
        let descriptor = try Self.open(files.path(state.number + 1))
        Glibc.close(state.descriptor)
        state.descriptor = descriptor
        state.number += 1
        (state.length, state.day, state.head.file) = (0, today, AuditFiles.name(state.number))
        try retain(&state)
    }

    /// Removes the oldest files beyond the limit, and says in a signed record where the log now begins.
    private func retain(_ state: inout State) throws(AuditError) {
        let numbers = files.numbers
        let removed = numbers.dropLast(limits.files)
        guard let first = numbers.dropFirst(removed.count).first, !removed.isEmpty else { return }
        var beginning: AuditLine.Parts?
        try files.forEachLine(of: first) { line, _, _ in
            beginning = AuditLine.parts(line)
            return false
        }
        guard let beginning else { return }
        let previous = String(decoding: beginning.previous, as: UTF8.self)
        let message = AuditCheckpoint.message(sequence: beginning.sequence - 1, hash: previous)
        var event = AuditEvent(.retention)
        event.detail = [
            "signed_seq": JSONValue(beginning.sequence - 1), "signed_hash": .string(previous),
            "signature": .string(Hex.encode(key.sign(message))),
        ]
        try write(event, &state)
        for number in removed { unlink(files.path(number)) }
    }

    // MARK: The disk

    /// Waits until the record is on disk; one thread syncs for all who wait.
    private func sync(upTo sequence: Int) throws(AuditError) {
        while true {
            let work = state.withLock { state -> (descriptor: Int32, target: Int)? in
                if state.syncedSequence >= sequence || state.isSyncing { return nil }
                state.isSyncing = true
                return (state.descriptor, state.head.sequence)
            }
            guard let work else {
                if state.withLock({ $0.syncedSequence >= sequence }) { return }
                _ = synced.wait(atMost: .seconds(60)) {
                    state.withLock { !$0.isSyncing || $0.syncedSequence >= sequence }
                }
                continue
            }
            let isOnDisk = fdatasync(work.descriptor) == 0
            let error = AuditError.system("sync", files.directory)
            state.withLock { state in
                state.isSyncing = false
                if isOnDisk {
                    state.syncedSequence = max(state.syncedSequence, work.target)
                } else {
                    state.fault = error.message
                }
            }
            synced.signal()
            if !isOnDisk { throw error }
        }
    }

    private static func open(_ path: String) throws(AuditError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
        return descriptor
    }

    /// One writer a directory.
    private static func lock(_ directory: String) throws(AuditError) -> Int32 {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", directory) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw AuditError("Another process writes the audit log in \(directory); stop it first.")
        }
        return descriptor
    }

    /// Reads the signing key, or makes one at the first start.
    private static func loadKey(_ path: String) throws(AuditError) -> SigningKey {
        var descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        var seed = [UInt8](repeating: 0, count: SigningKey.seedBytes)
        if descriptor >= 0 {
            defer { Glibc.close(descriptor) }
            let count = seed.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count == seed.count, let key = SigningKey(seed: seed) else {
                throw AuditError("\(path) is no key of \(seed.count) bytes; restore it, or move it away for a new one.")
            }
            return key
        }
        guard errno == ENOENT else { throw .system("read", path) }
        seed = Crypto.randomBytes(SigningKey.seedBytes)
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("make", path) }
        defer { Glibc.close(descriptor) }
        let count = seed.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == seed.count, fsync(descriptor) == 0, let key = SigningKey(seed: seed) else {
            throw .system("write", path)
        }
        return key
    }

    private static func readBootID() -> String {
        let descriptor = Glibc.open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 0x0A }, as: UTF8.self)
    }
}

/// What a checkpoint's signature is over.
enum AuditCheckpoint {
    static func message(sequence: Int, hash: String) -> [UInt8] {
        Array("devops-executor audit\n\(sequence)\n\(hash)\n".utf8)
    }
}
