import ExecutorAPI
import Foundation
import TestSupport

@testable import ExecutorCore

/// What a person's authenticator makes of the address that `executorctl totp enroll` printed.
struct Authenticator: Sendable {
    let secret: [UInt8]

    /// Reads the address as the "Key URI Format" has it.
    init(_ address: String) throws {
        guard address.hasPrefix("otpauth://totp/"), let start = address.range(of: "secret=")?.upperBound else {
            throw POSIXError(.EINVAL)
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let bits = address[start...].prefix { $0 != "&" }.flatMap { letter -> [Int] in
            let value = alphabet.firstIndex(of: letter) ?? 0
            return (0..<5).map { value >> (4 - $0) & 1 }
        }
        secret = stride(from: 0, through: bits.count - 8, by: 8).map { start in
            UInt8(bits[start..<start + 8].reduce(0) { $0 << 1 | $1 })
        }
    }

    /// The code of the step this many away from now.
    func code(_ offset: Int64 = 0) -> String {
        TimeCode.code(secret, step: TimeCode.step(at: Int64(Date.now.timeIntervalSince1970)) + offset)
    }

    /// Six digits that are not the code of any step that is taken now.
    var wrongCode: String {
        let near = Set((-3...3).map { code($0) })
        return (0..<10).map { String(format: "%06d", $0) }.first { !near.contains($0) } ?? ""
    }
}

extension ExecutorFixture {
    func enroll() async throws -> Authenticator {
        let enrolled = try await ctl("totp", "enroll")
        return try Authenticator(enrolled.output)
    }

    /// Whether any file beneath the directory holds the text.
    func holds(_ text: String) -> Bool {
        let files = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
        return files.contains { name in
            let bytes = FileManager.default.contents(atPath: directory + "/" + name) ?? Data()
            return bytes.firstRange(of: Data(text.utf8)) != nil
        }
    }
}
