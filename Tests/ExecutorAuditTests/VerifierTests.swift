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
        (
            "an edit with the hash that fits it", "record 4 does not follow from the one before it",
            { $0[2] = forge($0[2]) { $0.replacingOccurrences(of: "n3", with: "n9") } }
        ),
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

    /// The line with another last part, and the hash that it then has.
    private static func forge(_ line: String, _ change: (String) -> String) -> String {
        let body = change(String(line.dropLast(75)))
        return body + ",\"hash\":\"\(Hex.encode(Crypto.sha256(Array((body + "}").utf8))))\"}"
    }

    @Test("a record with a good hash that signs another place, signs nothing, or is no JSON is found")
    func forgedCheckpoints() throws {
        try withAudit { fixture in
            let log = try fixture.open(checkpointInterval: .zero)
            for number in 0..<2 { try log.append(AuditFixture.event(.note, id: "\(number)"), durability: .synced) }
            try log.close()
            let lines = try fixture.lines()
            let signed = lines.map { $0.firstMatch(of: /"signature":"[^}]*/).map { String($0.0) } }
            try #require(signed.map { $0 != nil } == [false, true, false, true])
            let forgeries: [(finds: String, change: (String) -> String)] = [
                ("for another place", { $0.replacing(signed[3] ?? "", with: signed[1] ?? "") }),
                ("the signature in record 4 is not by", { $0.replacing(/"signed_seq":3/, with: "\"signed_seq\":2") }),
                ("record 4 is not JSON", { $0.replacing(/"boot_id":"/, with: "\"boot_id\":") }),
                (
                    "a start found, as record 4 says, that the log ended",
                    {
                        $0.replacing(
                            /"detail":{.*},"kind":"checkpoint"/,
                            with: #""detail":{"reason":"the log ended"},"kind":"breach""#)
                    }
                ),
            ]
            for (finds, change) in forgeries {
                try fixture.write(lines.dropLast() + [Self.forge(lines[3], change)])
                let elsewhere = AuditVerifier(directory: fixture.logs, publicKey: log.publicKey, stateDirectory: nil)
                #expect(elsewhere.verify().message.contains(finds), "\(elsewhere.verify().message)")
                #expect(fixture.verifier(log.publicKey).verify().message.contains("is not the one that was signed"))
            }
        }
    }

    @Test("a link in the place of a file is not followed: the log is not intact, and no query is answered from it")
    func link() throws {
        try withAudit { fixture in
            let (key, _) = try Self.filled(fixture)
            let file = fixture.logs + "/000001.jsonl"
            try FileManager.default.moveItem(atPath: file, toPath: fixture.directory + "/elsewhere")
            symlink(fixture.directory + "/elsewhere", file)
            #expect(fixture.verifier(key).verify().message.contains("Cannot read \(file)"))
            #expect(throws: AuditError.self) { try AuditQuery().run(directory: fixture.logs) }
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
