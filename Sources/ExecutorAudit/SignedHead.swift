import StrictJSON

/// What a signature of this log is over.
enum AuditCheckpoint {
    /// What is said of a record: the signature of one is worth nothing as the other.
    enum Meaning: String {
        /// The log reaches to it.
        case reached = "audit"
        /// The log begins after it, and what was before was removed by the executor itself.
        case removed = "audit retention"
    }

    private static func message(_ meaning: Meaning, sequence: Int, hash: String) -> [UInt8] {
        Array("devops-executor \(meaning.rawValue)\n\(sequence)\n\(hash)\n".utf8)
    }

    /// `signed_seq`, `signed_hash` and `signature`, as they stand in records and in the head's file.
    static func members(
        _ meaning: Meaning = .reached, sequence: Int, hash: String, key: SigningKey
    ) -> [String: JSONValue] {
        let signature = key.sign(message(meaning, sequence: sequence, hash: hash))
        return [
            "signed_seq": JSONValue(sequence), "signed_hash": .string(hash),
            "signature": .string(Hex.encode(signature)),
        ]
    }

    /// What was signed; `nil` where the signature is not by that key.
    static func read(_ members: JSONValue?, _ meaning: Meaning = .reached, publicKey: [UInt8]) -> SignedHead? {
        guard let sequence = members?["signed_seq"]?.intValue, let hash = members?["signed_hash"]?.stringValue,
            let signature = members?["signature"]?.stringValue.flatMap({ Hex.decode($0) }),
            SigningKey.verify(
                signature, of: message(meaning, sequence: sequence, hash: hash), publicKey: publicKey)
        else { return nil }
        return SignedHead(sequence: sequence, hash: hash)
    }
}

/// How far the log reached when it was last signed, kept in the state directory, outside the log.
///
/// It is stored only when the log is on disk up to there. So the log may be longer, and is never shorter,
/// whenever the power went.
struct SignedHead: Sendable, Hashable {
    static let fileName = "audit.head"
    private static let maximumBytes = 1 << 10

    /// 0 where the log had no record.
    var sequence: Int
    var hash: String

    static let genesis = SignedHead(sequence: 0, hash: AuditLine.genesis)

    func store(in stateDirectory: String, key: SigningKey) throws(AuditError) {
        let members = JSONValue.object(AuditCheckpoint.members(sequence: sequence, hash: hash, key: key))
        try AtomicFile.replace(Self.fileName, in: stateDirectory, members.encoded() + [0x0A])
    }

    /// What the file says.
    ///
    /// - Returns: `nil` where there is no file.
    /// - Throws: ``AuditError``: one sentence without its full stop on what is wrong with the file.
    static func load(from stateDirectory: String, publicKey: [UInt8]) throws(AuditError) -> SignedHead? {
        let path = stateDirectory + "/" + fileName
        guard let bytes = try AtomicFile.read(path, limit: maximumBytes) else { return nil }
        guard let members = try? JSONValue(parsing: bytes[...]) else {
            throw AuditError("\(path) holds no signed head: it is \(bytes.isEmpty ? "empty" : "torn")")
        }
        guard let head = AuditCheckpoint.read(members, publicKey: publicKey) else {
            throw AuditError("\(path) is not signed by this executor's key")
        }
        return head
    }
}
