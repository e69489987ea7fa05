/// Takes secrets out of text before it leaves the executor: over chunk borders too, in one pass.
package struct SecretMasker: Sendable {
    /// Lines longer than this are masked in pieces.
    static let maximumLine = 64 << 10
    static let replacement = Array("[masked]".utf8)

    /// How many were masked.
    package private(set) var count = 0
    private let names: SecretNames
    private var line: [UInt8] = []
    /// Within a private key, until its last line.
    private var isInKey = false

    package init(extraNames: [String] = []) { names = SecretNames(extra: extraNames) }

    /// A whole text at once, and how many secrets it had.
    package static func mask(_ text: String) -> (String, Int) {
        var masker = SecretMasker()
        let bytes = masker.feed(Array(text.utf8)) + masker.finish()
        return (String(decoding: bytes, as: UTF8.self), masker.count)
    }

    /// Returns what is safe to pass on: whole lines.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        for byte in bytes {
            line.append(byte)
            if byte == 0x0A || line.count >= Self.maximumLine { flush(into: &output) }
        }
        return output
    }

    package mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        flush(into: &output)
        return output
    }

    private mutating func flush(into output: inout [UInt8]) {
        guard !line.isEmpty else { return }
        defer { line.removeAll(keepingCapacity: true) }
        let marker = Self.keyMarker(line)
        if isInKey {
            if marker == .end { isInKey = false }
            return
        }
        if marker == .begin || marker == .whole {
            isInKey = marker == .begin
            count += 1
            output += Self.replacement
            if line.last == 0x0A { output.append(0x0A) }
            return
        }
        var scanner = SecretScanner(line: line, names: names)
        scanner.scan(into: &output)
        count += scanner.count
    }

    private enum KeyMarker { case none, begin, end, whole }

    /// `-----BEGIN … PRIVATE KEY-----` and its END (RFC 7468).
    private static func keyMarker(_ line: [UInt8]) -> KeyMarker {
        guard contains("-----", line), contains("PRIVATE KEY", line) else { return .none }
        return switch (contains("-----BEGIN ", line), contains("-----END ", line)) {
        case (true, true): .whole
        case (true, false): .begin
        case (false, true): .end
        case (false, false): .none
        }
    }

    private static func contains(_ word: String, _ line: [UInt8]) -> Bool {
        let word = Array(word.utf8)
        guard line.count >= word.count else { return false }
        return line.indices.dropLast(word.count - 1).contains { line[$0] == word[0] && line[$0...].starts(with: word) }
    }
}

/// Names whose values are secret.
struct SecretNames: Sendable {
    private let endings: [[UInt8]]

    init(extra: [String]) {
        let standard = [
            "password", "passwd", "passphrase", "pwd", "secret", "secret_key", "secretkey", "token", "api_key",
            "apikey", "api-key", "access_key", "accesskey", "private_key", "privatekey", "client_secret",
            "authorization", "credentials", "encryption_key", "signing_key", "auth_key", "connection_string",
        ]
        endings = (standard + extra).map { Self.lowercased($0.utf8) }
    }

    /// Whether a name, such as `DB_PASSWORD` or `apiKey`, ends in one of them.
    func contains(_ name: ArraySlice<UInt8>) -> Bool {
        let name = Self.lowercased(name)
        return endings.contains { name.count >= $0.count && name.suffix($0.count).elementsEqual($0) }
    }

    private static func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
    }
}
