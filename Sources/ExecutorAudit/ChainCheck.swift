import StrictJSON

/// The check of a chain, as a value: lines go in, the first fault comes out.
struct ChainCheck {
    /// A record that must be there, and how it is known.
    private struct Expectation {
        var head: SignedHead
        var known: String
        var isLast: Bool
    }

    private let publicKey: [UInt8]
    private let wantedHead: [UInt8]?
    private var expectations: [Expectation] = []
    private var hasToHaveHead: String?

    private var previous = Array(AuditLine.genesis.utf8)
    private var sequence = 0
    private var records = 0
    private var lastSigned = 0
    private var sawWantedHead = false
    private var hasSeenAll = false
    /// Where the log begins, when not at its genesis; a signed retention record has to say so.
    private var beginning: Int?
    /// What an executor found at one of its starts, and recorded.
    private var breach: String?
    private var fault: String?
    private var isPlaced = true
    private var hasher = SHA256Context()

    init(publicKey: [UInt8], wantedHead: String?) {
        (self.publicKey, self.wantedHead) = (publicKey, wantedHead.map { Array($0.utf8) })
    }

    /// Nothing that follows matters; of a log whose old files went after its newest record was noted, the record that
    /// allows that follows.
    var isOver: Bool { fault != nil || (hasSeenAll && beginning == nil) }

    mutating func fail(_ message: String) { fault = fault ?? message }

    /// Puts the place of the line that was taken last before what is wrong with it.
    mutating func place(_ place: () -> String) {
        guard !isPlaced, let found = fault else { return }
        (fault, isPlaced) = ("\(place()): \(found)", true)
    }

    // MARK: What must be there

    mutating func expectHead(in stateDirectory: String) throws(AuditError) {
        if let head = try SignedHead.load(from: stateDirectory, publicKey: publicKey) {
            expect(head, "was signed", isLast: false)
        } else {
            hasToHaveHead =
                "\(stateDirectory)/\(SignedHead.fileName) is missing, so nothing shows where the log has to end"
        }
    }

    mutating func expect(_ head: SignedHead, _ known: String, isLast: Bool) {
        if head.sequence > 0 { expectations.append(Expectation(head: head, known: known, isLast: isLast)) }
    }

    // MARK: Lines

    mutating func take(_ line: AuditReader.Line) {
        check(line)
        if fault != nil { isPlaced = false }
    }

    private mutating func check(_ line: AuditReader.Line) {
        switch line.form {
        case .whole: break
        case .torn: return fail("the line is torn")
        case .tooLong: return fail("the line is longer than any record")
        }
        guard let parts = AuditLine.parts(line.bytes) else { return fail("it is no record") }
        checkOrder(parts)
        guard fault == nil else { return }
        let computed = AuditLine.computeHash(line.bytes, hasher)
        guard parts.hash.elementsEqual(computed) else { return fail("record \(parts.sequence) was changed") }
        (sequence, previous) = (parts.sequence, computed)
        records += 1
        if previous == wantedHead { sawWantedHead = true }
        checkExpectations()
        if Self.needles.contains(where: { AuditLine.contains(line.bytes, $0) }) { checkSpecial(line.bytes) }
    }

    private mutating func checkOrder(_ parts: AuditLine.Parts) {
        if records == 0, parts.sequence > 1 {
            (sequence, previous, beginning) = (parts.sequence - 1, Array(parts.previous), parts.sequence - 1)
        }
        guard parts.sequence == sequence + 1 else {
            return fail("record \(parts.sequence) follows record \(sequence): records were removed or reordered")
        }
        guard parts.previous.elementsEqual(previous) else {
            return fail("record \(parts.sequence) does not follow from the one before it")
        }
    }

    private mutating func checkExpectations() {
        for expectation in expectations where expectation.head.sequence == sequence {
            guard previous.elementsEqual(expectation.head.hash.utf8) else {
                return fail("record \(sequence) is not the one that \(expectation.known)")
            }
            if expectation.isLast { hasSeenAll = true }
        }
        expectations.removeAll { $0.head.sequence <= sequence }
    }

    // MARK: Records that say something of the chain

    private static let needles = [AuditEvent.Kind.breach, .checkpoint, .retention].map {
        AuditLine.needle("kind", $0.rawValue)
    }

    private mutating func checkSpecial(_ line: ArraySlice<UInt8>) {
        guard let record = try? JSONValue(parsing: line) else { return fail("record \(sequence) is not JSON") }
        switch record["kind"]?.stringValue {
        case AuditEvent.Kind.breach.rawValue:
            let reason = record["detail"]?["reason"]?.stringValue ?? ""
            breach = breach ?? "a start found, as record \(sequence) says, that \(reason)"
        case AuditEvent.Kind.checkpoint.rawValue: checkCheckpoint(record)
        case AuditEvent.Kind.retention.rawValue: checkRetention(record)
        default: break
        }
    }

    private mutating func signed(_ record: JSONValue, _ meaning: AuditCheckpoint.Meaning) -> SignedHead? {
        let head = AuditCheckpoint.read(record["detail"], meaning, publicKey: publicKey)
        if head == nil { fail("the signature in record \(sequence) is not by this executor's key") }
        return head
    }

    private mutating func checkCheckpoint(_ record: JSONValue) {
        guard let head = signed(record, .reached) else { return }
        guard head.sequence == sequence - 1 else {
            return fail("the checkpoint in record \(sequence) is for another place")
        }
        lastSigned = head.sequence
    }

    /// Files go one by one, so the log may still begin before the record that was to be its first.
    private mutating func checkRetention(_ record: JSONValue) {
        guard let head = signed(record, .removed) else { return }
        if let start = beginning, start <= head.sequence, head.sequence < sequence { beginning = nil }
    }

    // MARK: The end

    mutating func finish() {
        guard fault == nil else { return }
        if let beginning {
            fail("the log begins after record \(beginning), and no signed record says why")
        } else if !hasSeenAll, let missing = expectations.first {
            // Of a log that is being written, what was signed after its newest record was noted is beyond the end.
            fail(
                "the log ends at record \(sequence), and record \(missing.head.sequence) \(missing.known): its end was "
                    + "cut off")
        } else if let wantedHead, !sawWantedHead {
            let head = String(decoding: wantedHead.prefix(16), as: UTF8.self)
            fail("the head \(head)… is not in the log: its tail was cut, or it is another log")
        } else if let hasToHaveHead, records > 0 {
            fail(hasToHaveHead)
        } else if let breach {
            fail(breach)
        }
    }

    var verdict: AuditVerdict {
        let head = String(decoding: previous, as: UTF8.self)
        if let fault {
            return AuditVerdict(isIntact: false, records: records, message: "Not intact: \(fault).", head: head)
        }
        let signed = lastSigned > 0 ? "signed up to record \(lastSigned)" : "not signed yet"
        return AuditVerdict(
            isIntact: true, records: records, message: "\(records) records are intact, \(signed); head \(head).",
            head: head)
    }
}
