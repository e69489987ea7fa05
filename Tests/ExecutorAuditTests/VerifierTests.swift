import ExecutorAPI
import ExecutorAudit
import Foundation
import StrictJSON
import Testing

@Suite("Verifying the log")
struct VerifierTests {
    /// Five records and a closing checkpoint.
    private static func filled(_ fixture: AuditFixture) throws -> (key: String, head: String) {
        let log = try fixture.open()
        for number in 1...5 { _ = try log.append(AuditFixture.event(.note, id: "n\(number)"), durability: .synced) }
        let head = log.head.hash
        try log.close()
        return (log.publicKey, head)
    }

    typealias Tampering = @Sendable (inout [String]) -> Void

    private static let tamperings: [(name: String, finds: String, change: Tampering)] = [
        ("an edit", "record 3 was changed", { $0[2] = $0[2].replacingOccurrences(of: "n3", with: "n9") }),
        ("a removed record", "record 4 follows record 2", { $0.remove(at: 2) }),
        ("two records in another order", "follows record 1", { $0.swapAt(1, 2) }),
        ("a record twice", "record 2 follows record 2", { $0.insert($0[1], at: 1) }),
        (
            "another hash", "record 2 was changed",
            { $0[1] = $0[1].dropLast(3) + ($0[1].hasSuffix("0\"}") ? "1\"}" : "0\"}") }
        ),
        ("a line that is no record", "no record", { $0[1] = "{}" }),
        ("a short line", "no record", { $0[1] = "" + String($0[1].prefix(40)) }),
        ("a removed beginning", "no signed record says why", { $0.removeFirst(2) }),
        (
            "another signature", "was changed",
            { $0[5] = $0[5].replacingOccurrences(of: "\"signature\":\"", with: "\"signature\":\"00") }
        ),
    ]

    @Test("each way of tampering is found, and the record named", arguments: tamperings.indices)
    func tampering(_ index: Int) throws {
        let tampering = Self.tamperings[index]
        try withAudit { fixture in
            let (key, _) = try Self.filled(fixture)
            #expect(fixture.verifier(key).verify().isIntact)
            var lines = try fixture.lines()
            tampering.change(&lines)
            try fixture.write(lines)
            let verdict = fixture.verifier(key).verify()
            #expect(
                !verdict.isIntact && verdict.message.contains(tampering.finds), "\(tampering.name): \(verdict.message)")
        }
    }

    @Test("a cut end is found by the signed head, and without it against a head noted earlier")
    func cutEnd() throws {
        try withAudit { fixture in
            let (key, head) = try Self.filled(fixture)
            let elsewhere = AuditVerifier(directory: fixture.logs, publicKey: key, stateDirectory: nil)
            #expect(fixture.verifier(key).verify(head: head).isIntact && elsewhere.verify(head: head).isIntact)
            let lines = try fixture.lines()
            for kept in [5, 3, 0] {
                if kept > 0 {
                    try fixture.write(Array(lines.prefix(kept)))
                } else {
                    unlink(fixture.logs + "/000001.jsonl")
                }
                let verdict = fixture.verifier(key).verify()
                #expect(
                    verdict.message.contains("ends at record \(kept), and record 6 was signed"), "\(verdict.message)")
                #expect(elsewhere.verify().isIntact)
            }
            #expect(elsewhere.verify(head: head).message.contains("is not in the log"))
        }
    }

    @Test("a torn line, another key and a missing file are found at once")
    func cuts() throws {
        try withAudit { fixture in
            let (key, _) = try Self.filled(fixture)
            let other = AuditVerifier(
                directory: fixture.logs, publicKey: String(repeating: "ab", count: 32), stateDirectory: nil)
            #expect(other.verify().message.contains("000001.jsonl, line 6: the signature in record 6 is not by this"))
            let file = fixture.logs + "/000001.jsonl"
            let bytes = try Data(contentsOf: URL(filePath: file))
            try bytes.dropLast(20).write(to: URL(filePath: file))
            #expect(fixture.verifier(key).verify().message.contains("000001.jsonl, line 6: the line is torn"))
            try FileManager.default.copyItem(atPath: file, toPath: fixture.logs + "/000003.jsonl")
            #expect(fixture.verifier(key).verify().message.contains("000002.jsonl is missing"))
        }
    }

    @Test("an empty log is intact and says that nothing is signed")
    func empty() throws {
        try withAudit { fixture in
            let verdict = fixture.verifier("").verify()
            #expect(verdict.isIntact && verdict.records == 0 && verdict.message.contains("not signed yet"))
            #expect(verdict.json["intact"] == true)
        }
    }
}
