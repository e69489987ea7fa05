import CCrypto

/// What this program takes from OpenSSL's libcrypto, typed.
package enum Crypto {
    /// From the kernel's generator, by way of `RAND_bytes`; a machine that has none cannot be served.
    package static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "The system has no random numbers.")
        return bytes
    }

    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        let context = SHA256Context()
        return bytes.withUnsafeBytes { context.hash($0) }
    }

    package static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        hmac(EVP_sha256(), key: key, message: message)
    }

    /// For one-time codes alone (RFC 6238).
    package static func hmacSHA1(key: [UInt8], message: [UInt8]) -> [UInt8] {
        hmac(EVP_sha1(), key: key, message: message)
    }

    /// In a time that does not depend on the contents; the corresponding C function is `CRYPTO_memcmp`.
    package static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }

    private static func hmac(_ digest: OpaquePointer?, key: [UInt8], message: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        _ = HMAC(digest, key, Int32(key.count), message, message.count, &result, &count)
        return Array(result.prefix(Int(count)))
    }
}

/// One digest context, used again and again: no allocation and no look-up a hash.
final class SHA256Context {
    private let context = EVP_MD_CTX_new()
    private let digest = EVP_sha256()

    deinit { EVP_MD_CTX_free(context) }

    /// The hash of the parts one after the other.
    func hash(_ parts: UnsafeRawBufferPointer...) -> [UInt8] {
        EVP_DigestInit_ex(context, digest, nil)
        for part in parts { EVP_DigestUpdate(context, part.baseAddress, part.count) }
        var result = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &result, nil)
        return result
    }
}

/// An Ed25519 key that signs checkpoints (RFC 8032).
final class SigningKey: Sendable {
    // Made once, and only read by libcrypto afterwards.
    nonisolated(unsafe) private let key: OpaquePointer
    let publicKey: [UInt8]

    static let seedBytes = 32

    /// `nil` where libcrypto refuses the seed.
    init?(seed: [UInt8]) {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        let hasPublicKey = EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1
        (self.key, publicKey) = (key, bytes)
        guard hasPublicKey else { return nil }
    }

    deinit { EVP_PKEY_free(key) }

    func sign(_ message: [UInt8]) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { return [] }
        return signature
    }

    static func verify(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// Bytes as lower-case hexadecimal.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        String(decoding: utf8(bytes), as: UTF8.self)
    }

    static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    package static func decode(_ text: String) -> [UInt8]? {
        let values = text.utf8.compactMap { byte in digits.firstIndex(of: byte).map { UInt8($0) } }
        guard values.count == text.utf8.count, values.count % 2 == 0 else { return nil }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
