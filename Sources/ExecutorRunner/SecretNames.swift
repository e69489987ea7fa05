/// Names whose values are secret.
struct SecretNames: Sendable {
    /// A name that ends in one of these, such as `DB_PASSWORD` or `apiKey`, is one.
    private static let endings = [
        "password", "passwd", "passphrase", "pwd", "secret", "secret_key", "secretkey", "secret_key_base", "token",
        "api_key", "apikey", "api-key", "access_key", "accesskey", "account_key", "accountkey", "private_key",
        "privatekey", "client_secret", "authorization", "credentials", "encryption_key", "signing_key", "auth_key",
        "app_key", "connection_string", "bindpw", "x-amz-signature", "requirepass", "masterauth",
    ]
    /// Short ones, which end many an ordinary word: whole, or after `_`, `-` or `.`.
    private static let words = ["pass", "pw", "sig", "auth"]
    /// HTTP's headers whose whole line is secret (RFC 9110, RFC 6265).
    private static let headers = ["authorization", "proxy-authorization", "cookie", "set-cookie"]

    private let endings: [[UInt8]]
    private let words = Self.words.map { Array($0.utf8) }
    private let headers = Self.headers.map { Array($0.utf8) }

    init(extra: [String]) { endings = (Self.endings + extra).map { Self.lowercased($0.utf8) } }

    func contains(_ name: ArraySlice<UInt8>) -> Bool {
        let name = Self.lowercased(name)
        return endings.contains { name.count >= $0.count && name.suffix($0.count).elementsEqual($0) }
    }

    func containsWord(_ name: ArraySlice<UInt8>) -> Bool {
        let name = Self.lowercased(name)
        return words.contains { word in
            guard name.count >= word.count, name.suffix(word.count).elementsEqual(word) else { return false }
            return name.count == word.count || "_-".utf8.contains(name[name.count - word.count - 1])
        }
    }

    func isHeader(_ name: ArraySlice<UInt8>) -> Bool { headers.contains(Self.lowercased(name)) }

    private static func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
    }
}
