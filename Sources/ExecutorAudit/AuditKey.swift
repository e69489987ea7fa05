import Glibc

/// The key that signs checkpoints, in a file of the state directory: 32 bytes, mode 0600.
enum AuditKey {
    static let fileName = "audit.key"

    /// Reads the key, or makes one where there is none and no log yet that another one signed.
    ///
    /// - Throws: ``AuditError`` with the remedy; never makes a new key in silence.
    static func load(_ stateDirectory: String, isFirstStart: Bool) throws(AuditError) -> SigningKey {
        let path = stateDirectory + "/" + fileName
        if let key = try read(path) { return key }
        guard isFirstStart else {
            throw AuditError(
                "\(path) is missing, and the audit log was signed with it; restore it, or move the log and "
                    + "\(SignedHead.fileName) away for a new one.")
        }
        let seed = Crypto.randomBytes(SigningKey.seedBytes)
        try AtomicFile.replace(fileName, in: stateDirectory, seed)
        return try key(seed, path)
    }

    /// The public half in hexadecimal, for a check without the executor; `nil` where there is no key.
    static func publicKey(_ stateDirectory: String) throws(AuditError) -> String? {
        try read(stateDirectory + "/" + fileName).map { Hex.encode($0.publicKey) }
    }

    private static func read(_ path: String) throws(AuditError) -> SigningKey? {
        guard let seed = try AtomicFile.read(path, limit: SigningKey.seedBytes + 1) else { return nil }
        return try key(seed, path)
    }

    private static func key(_ seed: [UInt8], _ path: String) throws(AuditError) -> SigningKey {
        guard seed.count == SigningKey.seedBytes, let key = SigningKey(seed: seed) else {
            throw AuditError(
                "\(path) has not the \(SigningKey.seedBytes) bytes of a key: it is empty, torn or replaced; restore "
                    + "it, or move it, \(SignedHead.fileName) and the log away for new ones.")
        }
        return key
    }
}
