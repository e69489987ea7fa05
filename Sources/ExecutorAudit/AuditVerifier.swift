import Glibc
package import StrictJSON

/// What a check of the whole chain found.
package struct AuditVerdict: Sendable, Hashable {
    package var isIntact: Bool
    /// Records that were checked.
    package var records: Int
    /// One sentence: what is good, or the first bad record and why.
    package var message: String
    /// The newest hash.
    package var head: String

    package var json: JSONValue {
        [
            "intact": .bool(isIntact), "records": JSONValue(records), "message": .string(message),
            "head": .string(head),
        ]
    }
}

/// Reads the log from its first byte to its last and recomputes every hash.
package struct AuditVerifier {
    private let files: AuditFiles
    private let publicKey: [UInt8]
    private let wantedHead: String?

    private var previous = AuditLine.genesis
    private var sequence = 0
    private var records = 0
    private var lastSigned = 0
    private var sawWantedHead = false
    /// Where the log begins, when not at its genesis; a signed retention record has to say the same.
    private var beginning: (sequence: Int, hash: String)?
    private var fault: String?

    /// - Parameter publicKey: In hexadecimal; signatures are checked against it.
    package init(directory: String, publicKey: String) {
        self.init(directory: directory, publicKey: publicKey, head: nil)
    }

    private init(directory: String, publicKey: String, head: String?) {
        files = AuditFiles(directory: directory)
        self.publicKey = Hex.decode(publicKey) ?? []
        wantedHead = head
    }

    /// - Parameter head: A hash noted earlier; a log that does not contain it was cut or replaced.
    package func verify(head: String? = nil) -> AuditVerdict {
        var run = AuditVerifier(directory: files.directory, publicKey: Hex.encode(publicKey), head: head)
        run.check()
        return run.verdict
    }

    private mutating func check() {
        let numbers = files.numbers
        var hasher = SHA256Hasher()
        if let gap = zip(numbers, numbers.dropFirst()).first(where: { $1 != $0 + 1 }) {
            fault = "\(AuditFiles.name(gap.0 + 1)) is missing"
            return
        }
        for number in numbers {
            do throws(AuditError) {
                try files.forEachLine(of: number) { line, index, isWhole in
                    check(line, isWhole, &hasher)
                    if let found = fault { fault = "\(AuditFiles.name(number)), line \(index): \(found)" }
                    return fault == nil
                }
            } catch {
                fault = error.message
            }
            if fault != nil { return }
        }
        if let beginning {
            fault = "the log begins after record \(beginning.sequence), and no signed record says why"
        } else if let wantedHead, !sawWantedHead {
            fault = "the head \(wantedHead.prefix(16))… is not in the log: its tail was cut, or it is another log"
        }
    }

    private mutating func check(_ line: ArraySlice<UInt8>, _ isWhole: Bool, _ hasher: inout SHA256Hasher) {
        guard isWhole else { return fault = "the line is torn" }
        guard let parts = AuditLine.parts(line) else { return fault = "it is no record" }
        if records == 0, parts.sequence != 1 {
            (sequence, previous) = (parts.sequence - 1, String(decoding: parts.previous, as: UTF8.self))
            beginning = (sequence, previous)
        }
        guard parts.sequence == sequence + 1 else {
            return fault = "record \(parts.sequence) follows record \(sequence): records were removed or reordered"
        }
        guard parts.previous.elementsEqual(previous.utf8) else {
            return fault = "record \(parts.sequence) does not follow from the one before it"
        }
        let computed = AuditLine.computeHash(line, &hasher)
        guard parts.hash.elementsEqual(computed) else { return fault = "record \(parts.sequence) was changed" }
        (sequence, previous) = (parts.sequence, String(decoding: computed, as: UTF8.self))
        records += 1
        if let wantedHead, previous == wantedHead { sawWantedHead = true }
        if AuditLine.isKind(.checkpoint, line) || AuditLine.isKind(.retention, line) { checkSignature(line) }
    }

    private mutating func checkSignature(_ line: ArraySlice<UInt8>) {
        guard let record = try? JSONValue(parsing: line), let kind = record["kind"]?.stringValue,
            ["checkpoint", "retention"].contains(kind)
        else { return }
        let detail = record["detail"]
        let signed = detail?["signed_seq"]?.intValue ?? -1
        let hash = detail?["signed_hash"]?.stringValue ?? ""
        let signature = detail?["signature"]?.stringValue.flatMap { Hex.decode($0) } ?? []
        let message = AuditCheckpoint.message(sequence: signed, hash: hash)
        guard SigningKey.verify(signature, of: message, publicKey: publicKey) else {
            return fault = "the signature in record \(sequence) is not by this executor's key"
        }
        if kind == "retention" {
            if let start = beginning, start.sequence == signed, start.hash == hash { beginning = nil }
        } else if signed != sequence - 1 {
            fault = "the checkpoint in record \(sequence) is for another place"
        } else {
            lastSigned = signed
        }
    }

    private var verdict: AuditVerdict {
        if let fault {
            return AuditVerdict(isIntact: false, records: records, message: "Not intact: \(fault).", head: previous)
        }
        let signed = lastSigned > 0 ? "signed up to record \(lastSigned)" : "not signed yet"
        return AuditVerdict(
            isIntact: true, records: records, message: "\(records) records are intact, \(signed); head \(previous).",
            head: previous)
    }
}
