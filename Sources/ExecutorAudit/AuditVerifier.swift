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
package struct AuditVerifier: Sendable {
    private let files: AuditFiles
    private let publicKey: [UInt8]
    private let stateDirectory: String?

    /// - Parameters:
    ///   - publicKey: In hexadecimal; signatures are checked against it.
    ///   - stateDirectory: Where the signed head is, which the log must reach; without it a cut end is not noticed.
    package init(directory: String, publicKey: String, stateDirectory: String?) {
        files = AuditFiles(directory: directory)
        self.publicKey = Hex.decode(publicKey) ?? []
        self.stateDirectory = stateDirectory
    }

    /// Checks with the key and the head of a state directory.
    ///
    /// - Throws: ``AuditError`` where the key is not there or is none.
    package init(directory: String, keyAndHeadIn stateDirectory: String) throws(AuditError) {
        guard let publicKey = try AuditKey.publicKey(stateDirectory) else {
            throw AuditError("\(stateDirectory)/\(AuditKey.fileName) is missing; name its public half, or where it is.")
        }
        self.init(directory: directory, publicKey: publicKey, stateDirectory: stateDirectory)
    }

    /// - Parameters:
    ///   - head: A hash noted earlier; a log that does not contain it was cut or replaced.
    ///   - newest: The newest record of a log that is being written; later ones are not looked at.
    package func verify(head: String? = nil, upTo newest: AuditHead? = nil) -> AuditVerdict {
        var (beginning, verdict) = (self.beginning, run(head, newest))
        // Old files may go while they are read; then the log begins later, and is read again.
        for _ in 0..<3 where !verdict.isIntact && beginning != self.beginning {
            (beginning, verdict) = (self.beginning, run(head, newest))
        }
        return verdict
    }

    /// The number of the first file.
    private var beginning: Int? { (try? files.numbers())?.first }

    private func run(_ wantedHead: String?, _ newest: AuditHead?) -> AuditVerdict {
        var check = ChainCheck(publicKey: publicKey, wantedHead: wantedHead)
        do throws(AuditError) {
            // Read before the log is, so that what is signed meanwhile is not asked for.
            if let stateDirectory { try check.expectHead(in: stateDirectory) }
            if let newest {
                check.expect(SignedHead(sequence: newest.sequence, hash: newest.hash), "was written", isLast: true)
            }
            try read(&check)
        } catch {
            check.fail(error.message)
        }
        check.finish()
        return check.verdict
    }

    private func read(_ check: inout ChainCheck) throws(AuditError) {
        let numbers = try files.numbers()
        if let gap = zip(numbers, numbers.dropFirst()).first(where: { $1 != $0 + 1 }) {
            return check.fail("\(AuditFiles.name(gap.0 + 1)) is missing")
        }
        for number in numbers where !check.isOver {
            var index = 0
            try AuditReader(files.path(number)).forEachLine { line in
                index += 1
                check.take(line)
                check.place { "\(AuditFiles.name(number)), line \(index)" }
                return !check.isOver
            }
        }
    }
}
