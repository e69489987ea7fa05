import ExecutorRunner

/// Output is masked the same however the pipe cuts it, and a secret on a line of its own never comes through.
enum MaskerFuzz {
    private static let secret = Array("hunter2hunter2".utf8)

    static let seeds: [[UInt8]] = [
        "DB_PASSWORD=x9 token: \"a b\"\nAuthorization: Bearer eyJhbGciOi.J9.x\n", "https://u:p@h/?api_key=1&b=2\n",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nok\n",
        "{\"secret\":\"v\",\"n\":[1]}\nAKIA0123456789ABCDEF\n",
    ].map { Array($0.utf8) }

    static func run(_ bytes: [UInt8]) {
        // Longer lines are masked in pieces: docs/SECURITY.md, "Known limits".
        guard bytes.count < 60_000, !contains(secret, bytes) else { return }
        let text = bytes + Array("\npassword=".utf8) + secret + [0x0A]
        let whole = masked([text[...]])
        require(masked(cut(text, bytes.first ?? 1)) == whole, "the cuts of the pipe are seen")
        require(!contains(secret, whole), "a secret comes through")
    }

    private static func masked(_ pieces: [ArraySlice<UInt8>]) -> [UInt8] {
        var masker = SecretMasker()
        var output: [UInt8] = []
        for piece in pieces { output += masker.feed(piece) }
        return output + masker.finish()
    }

    private static func cut(_ text: [UInt8], _ seed: UInt8) -> [ArraySlice<UInt8>] {
        let length = Int(seed) % 7 + 1
        return stride(from: 0, to: text.count, by: length).map { text[$0..<min($0 + length, text.count)] }
    }

    private static func contains(_ needle: [UInt8], _ bytes: [UInt8]) -> Bool {
        bytes.indices.dropLast(needle.count - 1).contains { bytes[$0...].starts(with: needle) }
    }
}
