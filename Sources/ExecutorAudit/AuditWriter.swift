import ExecutorAPI
import Glibc
import StrictJSON

/// The writing end of the log, for one thread at a time.
///
/// A failed write or sync is a fault, and a fault refuses everything until ``heal()`` has put every record since the
/// last confirmed one on disk again.
struct AuditWriter: Sendable {
    /// What does not change while the log is open.
    struct Place: Sendable {
        var directory: AuditDirectory
        var files: AuditFiles
        var stateDirectory: String
        var limits: AuditLimits
        var key: SigningKey
        var bootID: String
        var disk: AuditDisk
        var keepsCopies: Bool
    }

    let place: Place
    var file: AuditFile
    var number: Int
    private(set) var head: AuditHead
    /// Why nothing is taken; `nil` while the log is healthy.
    private(set) var fault: AuditError?
    /// Up to where the disk has confirmed.
    private(set) var confirmed: Mark
    /// The bytes behind the confirmed ones.
    private var tail: [UInt8] = []
    var times: RecordTimes
    /// Since when there is a record that no checkpoint covers.
    private var unsignedSince: ContinuousClock.Instant?
    /// The head whose storing in the state directory is due.
    private var unstoredHead: SignedHead?
    /// Intents in the log whose callers were told that they are not.
    private var abandoned: [AuditRecovery.OpenIntent] = []
    private var copies: [ArraySlice<UInt8>] = []
    /// Whether a thread waits for the disk: then what is due stays due. Midnight may come between two looks.
    var isDiskTaken = false

    /// A place in a file, as a sync sees it.
    struct Mark: Sendable {
        var sequence: Int
        var length: Int
    }

    init(_ place: Place, _ recovery: AuditRecovery) throws(AuditError) {
        self.place = place
        number = recovery.number
        file = try AuditFile(appendingTo: place.files.path(recovery.number))
        head = AuditHead(sequence: recovery.sequence, hash: recovery.hash, file: AuditFiles.name(recovery.number))
        confirmed = Mark(sequence: recovery.sequence, length: recovery.length)
        times = recovery.times
        if recovery.sequence > 0, !recovery.isSigned { unsignedSince = .now }
        // The file and what was cut off it may be newer than what the disk has.
        try file.sync(place.disk)
        try place.directory.sync()
    }

    private var length: Int { confirmed.length + tail.count }
    var isSigned: Bool { unsignedSince == nil }
    var mark: Mark { Mark(sequence: head.sequence, length: length) }

    /// Whether the next append or upkeep does more than write a record, and so must have the disk to itself.
    var isUpkeepDue: Bool {
        fault != nil || unstoredHead != nil || isRotationDue || isCheckpointDue
            || tail.count > AuditLimits.unsyncedBytes
    }

    private var isRotationDue: Bool {
        length > 0 && (length >= place.limits.fileBytes || times.day.map { $0 != Timestamp.now().day } ?? false)
    }

    private var isCheckpointDue: Bool { unsignedSince.map { $0 + place.limits.checkpointInterval < .now } ?? false }

    // MARK: What may be asked

    /// Gives the event its place in the chain and writes it. After a throw it is not in the log.
    mutating func append(_ event: AuditEvent) throws(AuditError) {
        let time = Timestamp.now()
        let members = try event.encoded(time: time, bootID: place.bootID)
        try upkeep()
        try guarding { writer throws(AuditError) in try writer.write(members, event.kind, time) }
    }

    /// Whatever is due: mending, a new file, a checkpoint.
    mutating func upkeep() throws(AuditError) {
        guard isUpkeepDue, !isDiskTaken else { return }
        try guarding { writer throws(AuditError) in
            if writer.fault != nil { try writer.heal() }
            if writer.isRotationDue { try writer.rotate() }
            if writer.isCheckpointDue { try writer.checkpoint() }
            try writer.storeHead()
            if writer.tail.count > AuditLimits.unsyncedBytes { try writer.sync() }
        }
    }

    /// Whatever is due, and nothing is left that the disk has not confirmed.
    mutating func maintain() throws(AuditError) {
        try upkeep()
        guard !tail.isEmpty else { return }
        try guarding { writer throws(AuditError) in try writer.sync() }
    }

    /// Signs what is not signed, and waits for the disk.
    mutating func finish() throws(AuditError) {
        try upkeep()
        try guarding { writer throws(AuditError) in
            if writer.isSigned { try writer.sync() } else { try writer.checkpoint() }
        }
    }

    /// A sync of `file` that began at `mark` ended well.
    mutating func confirm(_ mark: Mark) {
        guard mark.length > confirmed.length else { return }
        tail.removeFirst(mark.length - confirmed.length)
        confirmed = mark
    }

    mutating func fail(_ error: AuditError) { fault = error }

    /// The caller of this record was told that it is not in the log: should it be an intent, nothing runs.
    mutating func abandon(_ event: AuditEvent, sequence: Int) {
        guard event.kind == .intent, let id = event.id else { return }
        abandoned.append(.init(id: id, operation: event.operation, call: event.call, sequence: sequence))
    }

    /// The lines written since this was last called.
    mutating func takeCopies() -> [ArraySlice<UInt8>] {
        defer { copies = [] }
        return copies
    }

    // MARK: How it is done

    private mutating func guarding(_ body: (inout AuditWriter) throws(AuditError) -> Void) throws(AuditError) {
        do throws(AuditError) {
            try body(&self)
        } catch {
            fault = error
            throw error
        }
    }

    mutating func write(_ members: [UInt8], _ kind: AuditEvent.Kind, _ time: Timestamp) throws(AuditError) {
        let (line, hash) = AuditLine.make(previous: head.hash, sequence: head.sequence + 1, members: members)
        try checkFile()
        try file.append(line)
        tail += line
        (head.sequence, head.hash) = (head.sequence + 1, hash)
        times.add(time.text)
        unsignedSince = kind == .checkpoint ? nil : unsignedSince ?? .now
        if place.keepsCopies { copies.append(line.dropLast()) }
    }

    /// Somebody who removes or cuts the file is found before the next record, not at the next check.
    private func checkFile() throws(AuditError) {
        let status = try file.status()
        guard status.isLinked, status.length >= length else {
            throw AuditError(
                "\(file.path) was cut or removed while it was written; restart the executor to record that.")
        }
    }

    mutating func sync() throws(AuditError) {
        try file.sync(place.disk)
        confirm(mark)
    }

    /// Puts what the disk has not confirmed there again, and closes the intents that nobody acted on.
    private mutating func heal() throws(AuditError) {
        try AuditFile.mend(file.path, from: confirmed.length, with: tail, place.disk)
        // A new descriptor: the old one may still have errors to report.
        file = try AuditFile(appendingTo: file.path)
        confirm(mark)
        while let intent = abandoned.first {
            try write(Self.refusal(of: intent).encoded(time: .now(), bootID: place.bootID), .refusal, .now())
            abandoned.removeFirst()
        }
        try sync()
        fault = nil
    }

    private static func refusal(of intent: AuditRecovery.OpenIntent) -> AuditEvent {
        var event = AuditEvent(.refusal)
        (event.id, event.operation, event.call) = (intent.id, intent.operation, intent.call)
        event.detail = [
            "code": "audit_unavailable", "message": "The disk did not confirm the intent, so nothing was run.",
        ]
        return event
    }

    // MARK: Signing

    mutating func checkpoint() throws(AuditError) {
        var event = AuditEvent(.checkpoint)
        event.detail = AuditCheckpoint.members(sequence: head.sequence, hash: head.hash, key: place.key)
        // Where this closes a file, a search by time need not read it.
        (event.detail["earliest"], event.detail["latest"]) = (JSONValue(times.earliest), JSONValue(times.latest))
        try write(event.encoded(time: .now(), bootID: place.bootID), .checkpoint, .now())
        try sync()
        unstoredHead = SignedHead(sequence: head.sequence, hash: head.hash)
        try storeHead()
    }

    private mutating func storeHead() throws(AuditError) {
        guard let head = unstoredHead else { return }
        try head.store(in: place.stateDirectory, key: place.key)
        unstoredHead = nil
    }

    /// The chain goes on in a new file.
    mutating func enter(_ next: AuditFile) {
        (file, number, times, tail) = (next, number + 1, RecordTimes(), [])
        confirmed = Mark(sequence: head.sequence, length: 0)
        head.file = AuditFiles.name(number)
    }
}
