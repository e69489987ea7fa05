import ExecutorAPI
import ExecutorAudit

/// One-time codes of the clock: RFC 6238 over HMAC-SHA-1, thirty seconds a step.
enum TimeCode {
    static let secretBytes = 20
    static let period: Int64 = 30

    /// The step of a moment given in seconds since 1970.
    static func step(at seconds: Int64) -> Int64 { seconds / period }

    /// The code of one step (RFC 4226, section 5.3: the counter is the step).
    static func code(_ secret: [UInt8], step: Int64, digits: Int = OneTimeCode.length) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) }
        let mac = Crypto.hmacSHA1(key: secret, message: counter)
        let offset = Int(mac[mac.count - 1] & 0x0F)
        let number = mac[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
        let modulus = (0..<digits).reduce(1) { product, _ in product * 10 }
        let text = String(number % modulus)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The address a person's authenticator reads ("Key URI Format"): it contains the secret.
    static func address(_ secret: [UInt8], host: String) -> String {
        let issuer = "devops-executor"
        let name = String(decoding: host.utf8.filter(isPlain).prefix(64), as: UTF8.self)
        return "otpauth://totp/\(issuer):\(name.isEmpty ? "server" : name)?secret=\(base32(secret))"
            + "&issuer=\(issuer)&algorithm=SHA1&digits=\(OneTimeCode.length)&period=\(period)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// RFC 4648, section 6, without padding.
    static func base32(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var (text, buffer, bits): ([UInt8], Int, Int) = ([], 0, 0)
        for byte in bytes {
            (buffer, bits) = (buffer << 8 | Int(byte), bits + 8)
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[buffer >> bits & 31])
            }
            buffer &= 1 << bits - 1
        }
        if bits > 0 { text.append(alphabet[buffer << (5 - bits) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }
}
