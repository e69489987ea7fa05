import ExecutorRunner
import Foundation
import Testing

@Suite("Masking")
struct SecretMaskerTests {
    /// The lines of a file of the corpus that are no comments.
    private static func corpus(_ name: String) throws -> [String] {
        let url = try #require(Bundle.module.url(forResource: "Corpora/" + name, withExtension: "txt"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("# ") }
    }

    @Test("no secret of the corpus survives, and the rate is printed")
    func secrets() throws {
        let lines = try Self.corpus("secrets")
        let survivors = lines.filter { line in
            let parts = line.split(separator: "«", omittingEmptySubsequences: false)
            let secrets = parts.dropFirst().compactMap { $0.split(separator: "»").first }
            let (text, count) = SecretMasker.mask(line.replacing("«", with: "").replacing("»", with: ""))
            return count == 0 || secrets.contains { text.contains($0) }
        }
        print("masked \(lines.count - survivors.count) of \(lines.count) lines with secrets")
        #expect(survivors.isEmpty, "\(survivors.joined(separator: "\n"))")
    }

    @Test("ordinary lines stay as they are, and the rate is printed")
    func ordinary() throws {
        let lines = try Self.corpus("ordinary")
        let changed = lines.filter { SecretMasker.mask($0).0 != $0 }
        print("kept \(lines.count - changed.count) of \(lines.count) ordinary lines")
        #expect(changed.isEmpty, "\(changed.map { SecretMasker.mask($0).0 }.joined(separator: "\n"))")
    }

    @Test(
        "a value is masked in the line after its secret name, as pretty-printed JSON and YAML have it",
        arguments: [
            "{\n  \"name\": \"DB_PASSWORD\",\n  \"value\": \"hunter2X9\"\n}", "- name: API_TOKEN\n  value: hunter2X9\n",
            "\"Key\": \"client_secret\",\r\n\"Value\": \"hunter2X9\"",
        ])
    func nextLine(_ text: String) {
        let (masked, count) = SecretMasker.mask(text)
        #expect(count == 1 && !masked.contains("hunter2X9"), "\(masked)")
    }

    @Test(
        "a value after another name, or after a line between, stays",
        arguments: [
            "\"name\": \"LOG_LEVEL\",\n\"value\": \"hunter2X9\"", "name: API_TOKEN\nnote: x\nvalue: hunter2X9",
            "kind: token\nvalue: hunter2X9",
        ])
    func otherLine(_ text: String) { #expect(SecretMasker.mask(text).0 == text) }

    @Test("a masked line is masked no further")
    func idempotent() throws {
        for line in try Self.corpus("secrets") {
            let once = SecretMasker.mask(line).0
            #expect(SecretMasker.mask(once).0 == once)
        }
    }

    @Test("a key whose last line never comes hides what could be of it, and no more")
    func endlessKey() {
        let log = (0..<2000).map { "line \($0) of an ordinary log, long enough to be one\n" }.joined()
        let (text, count) = SecretMasker.mask("-----BEGIN RSA PRIVATE KEY-----\n" + log)
        #expect(count == 1 && !text.contains("line 0 of") && text.contains("line 1999 of"))
    }

    @Test(
        "a secret across the cut of an endless line is masked", arguments: Array(stride(from: -40, through: 40, by: 16))
    )
    func cuts(_ offset: Int) {
        for secret in [
            "password=hunter2hunter2", "Authorization: Bearer abcDEF1234567890abcDEF", "password: hunter2X9",
        ] {
            let filler = String(repeating: "word ", count: (65536 + offset) / 5)
            let (text, count) = SecretMasker.mask(filler + secret + " " + filler)
            #expect(count == 1 && !text.contains("hunter2") && !text.contains("abcDEF"))
        }
    }

    @Test("a private key goes whole, wherever the chunks are cut")
    func keys() {
        let text =
            "before\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\nAAAA\n-----END OPENSSH PRIVATE KEY-----\nafter\n"
        for size in [1, 2, 5, 17, 1000] {
            var masker = SecretMasker()
            let bytes = Array(text.utf8)
            var output: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                output += masker.feed(bytes[start..<min(start + size, bytes.count)])
            }
            output += masker.finish()
            #expect(String(decoding: output, as: UTF8.self) == "before\n[masked]\nafter\n" && masker.count == 1)
        }
    }

    @Test("random bytes pass through without a trap, and a line without an end in pieces")
    func fuzz() {
        var masker = SecretMasker()
        for _ in 0..<200 { _ = masker.feed((0..<4096).map { _ in UInt8.random(in: 0...255) }) }
        _ = masker.finish()
        var long = SecretMasker()
        let output = long.feed([UInt8](repeating: 0x61, count: 1 << 20)) + long.finish()
        #expect(output.count == 1 << 20)
    }
}
