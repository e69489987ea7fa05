import ExecutorAPI
import Glibc
import StrictJSON

/// What a start has to find out before it writes: the key, and whether the log is what was signed.
struct AuditStart {
    let key: SigningKey
    /// Why the log is not what its signed head says; `nil` where it is.
    private let breach: String?

    init(_ files: AuditFiles, _ recovery: AuditRecovery, _ stateDirectory: String) throws(AuditError) {
        let isHeadThere = access(stateDirectory + "/" + SignedHead.fileName, F_OK) == 0
        let isFirst = recovery.sequence == 0 && !isHeadThere
        key = try AuditKey.load(stateDirectory, isFirstStart: isFirst)
        breach = isFirst ? nil : Self.breach(files, recovery, stateDirectory, key)
        // Before the first record, so that a log without a head is one whose head was taken away.
        if isFirst { try SignedHead.genesis.store(in: stateDirectory, key: key) }
    }

    private static func breach(
        _ files: AuditFiles, _ recovery: AuditRecovery, _ stateDirectory: String, _ key: SigningKey
    ) -> String? {
        do throws(AuditError) {
            guard let head = try SignedHead.load(from: stateDirectory, publicKey: key.publicKey) else {
                return "\(stateDirectory)/\(SignedHead.fileName) is missing"
            }
            if head.sequence > recovery.sequence {
                return "the log ended at record \(recovery.sequence), and was signed up to record \(head.sequence)"
            }
            if head.sequence > 0, try files.hash(of: head.sequence) != head.hash {
                return "record \(head.sequence) is not the one that was signed"
            }
            return nil
        } catch {
            return error.message
        }
    }

    /// What this start has to record.
    func events(_ recovery: AuditRecovery) -> [AuditEvent] {
        var events = recovery.openIntents.map { intent in
            var event = AuditEvent(.unknown)
            (event.id, event.operation, event.call) = (intent.id, intent.operation, intent.call)
            event.detail = ["reason": "the executor ended before the outcome was recorded"]
            return event
        }
        if recovery.tornBytes > 0 {
            var event = AuditEvent(.note)
            event.tool = "audit_recovered"
            event.detail = ["torn_bytes": JSONValue(recovery.tornBytes)]
            events.append(event)
        }
        if let breach {
            var event = AuditEvent(.breach)
            event.detail = ["reason": .string(breach)]
            events.append(event)
        }
        return events
    }

    static var bootID: String {
        let bytes = (try? AtomicFile.read("/proc/sys/kernel/random/boot_id", limit: 64)) ?? []
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}

extension AuditFiles {
    /// The hash of a record; `nil` where the log has none of that sequence.
    func hash(of sequence: Int) throws(AuditError) -> String? {
        for number in try numbers().reversed() {
            guard let first = try first(of: number), first.sequence <= sequence else { continue }
            let reader = try AuditReader(path(number), chunkBytes: AuditReader.smallChunkBytes)
            var hash: String?
            try reader.forEachLine(from: try reader.offset(ofSequence: sequence)) { line in
                let parts = AuditLine.parts(line.bytes)
                if parts?.sequence == sequence { hash = parts.map { String(decoding: $0.hash, as: UTF8.self) } }
                return false
            }
            return hash
        }
        return nil
    }
}
