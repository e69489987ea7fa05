import ExecutorAudit
import Foundation
import StrictJSON
import Testing

@Suite("The signed head, outside the log")
struct SignedHeadTests {
    private static func fill(_ fixture: AuditFixture, _ count: Int = 3) throws -> String {
        let log = try fixture.open()
        for number in 0..<count { try log.append(AuditFixture.event(.note, id: "n\(number)"), durability: .synced) }
        try log.close()
        return log.publicKey
    }

    private static func head(_ fixture: AuditFixture) -> URL { URL(filePath: fixture.directory + "/audit.head") }

    @Test(
        "a head that is empty, torn, forged, replaced or missing is said to be so, by the check and by the next start",
        arguments: [
            ("", "it is empty"), (#"{"signature":"ab"#, "it is torn"), ("{}", "not signed by this executor's key"),
            (#"{"signature":"00","signed_hash":"00","signed_seq":1}"#, "not signed by this executor's key"),
            (nil, "audit.head is missing"),
        ] as [(String?, String)])
    func badHeads(_ content: String?, _ finds: String) throws {
        try withAudit { fixture in
            let key = try Self.fill(fixture)
            if let content {
                try Data(content.utf8).write(to: Self.head(fixture))
            } else {
                try FileManager.default.removeItem(at: Self.head(fixture))
            }
            let verdict = fixture.verifier(key).verify()
            #expect(!verdict.isIntact && verdict.message.contains(finds), "\(verdict.message)")
            try fixture.open().close()
            let later = fixture.verifier(key).verify()
            #expect(later.message.contains("as record 5 says") && later.message.contains(finds), "\(later.message)")
        }
    }

    @Test("a log that was cut, emptied or begun anew while nobody wrote it never becomes intact by going on")
    func breaches() throws {
        let changes: [(finds: String, change: (AuditFixture) throws -> Void)] = [
            ("ended at record 2, and was signed up to record 4", { try $0.write(Array(try $0.lines().prefix(2))) }),
            ("ended at record 0, and was signed up to record 4", { unlink($0.logs + "/000001.jsonl") }),
            (
                "record 4 is not the one that was signed",
                { fixture in
                    // Another key's log, of the same length: its hashes are good.
                    try withAudit { other in
                        _ = try Self.fill(other)
                        try fixture.write(try other.lines())
                    }
                }
            ),
            (
                "record 4 is not the one that was signed",
                { fixture in
                    // The file with the signed record is gone, and the log begins behind it.
                    let old = try Data(contentsOf: Self.head(fixture))
                    _ = try Self.fill(fixture, 5)
                    try fixture.write(Array(try fixture.lines().dropFirst(4)), "000002.jsonl")
                    unlink(fixture.logs + "/000001.jsonl")
                    try old.write(to: Self.head(fixture))
                }
            ),
        ]
        for (finds, change) in changes {
            try withAudit { fixture in
                let key = try Self.fill(fixture)
                try change(fixture)
                for _ in 0..<2 { try fixture.open().close() }
                let breach = try #require(try fixture.records().first { $0["kind"] == "breach" })
                #expect(breach["detail"]?["reason"]?.stringValue?.contains(finds) == true, "\(breach)")
                #expect(!fixture.verifier(key).verify().isIntact)
                #expect(try fixture.kinds().filter { $0 == "breach" }.count == 1)
            }
        }
    }

    @Test("a log may be longer than its head: a crash between the two is no breach")
    func longer() throws {
        try withAudit { fixture in
            _ = try Self.fill(fixture)
            let old = try Data(contentsOf: Self.head(fixture))
            let key = try Self.fill(fixture, 5)
            try old.write(to: Self.head(fixture))
            #expect(fixture.verifier(key).verify().isIntact)
            try fixture.open().close()
            #expect(fixture.verifier(key).verify().isIntact)
        }
    }

    @Test("what is written since the last signature is looked for too while the log is open")
    func unsigned() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            for number in 0..<3 { try log.append(AuditFixture.event(.note, id: "\(number)"), durability: .synced) }
            let verifier = fixture.verifier(log.publicKey)
            #expect(verifier.verify(upTo: log.head).isIntact)
            let lines = try fixture.lines()
            // What comes after the newest record of the moment is not looked at.
            try fixture.write(lines + ["{\"prev"], endsLine: false)
            #expect(verifier.verify(upTo: log.head).isIntact && !verifier.verify().isIntact)
            try fixture.write(Array(lines.prefix(2)))
            #expect(verifier.verify().isIntact)
            #expect(verifier.verify(upTo: log.head).message.contains("record 3 was written: its end was cut off"))
            let other = AuditHead(sequence: 2, hash: String(repeating: "0", count: 64), file: "")
            #expect(verifier.verify(upTo: other).message.contains("record 2 is not the one that was written"))
        }
    }

    @Test("a state directory that takes no head takes no record, until it does")
    func unwritableHead() throws {
        try withAudit { fixture in
            let log = try fixture.open(checkpointInterval: .zero)
            try log.append(AuditFixture.event(.note), durability: .synced)
            // A directory in the way of the draft: nobody can write over it, root included.
            let draft = fixture.directory + "/audit.head.new"
            try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: false)
            for _ in 0..<3 {
                #expect(throws: AuditError.self) { try log.append(AuditFixture.event(.note), durability: .synced) }
            }
            try FileManager.default.removeItem(atPath: draft)
            try log.append(AuditFixture.event(.note), durability: .synced)
            try log.close()
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }
}

@Suite("The key")
struct KeyTests {
    @Test(
        "a key that is empty, torn or too long, and one that is missing beside a log, stop the start with a remedy",
        arguments: [0, 5, 31, 33, nil] as [Int?])
    func refusals(_ bytes: Int?) throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try log.append(AuditFixture.event(.note), durability: .synced)
            try log.close()
            let key = fixture.directory + "/audit.key"
            let before = try fixture.lines()
            unlink(key)
            if let bytes { try Data(count: bytes).write(to: URL(filePath: key)) }
            let error = #expect(throws: AuditError.self) { try fixture.open() }
            #expect(error?.message.contains(bytes == nil ? "is missing" : "has not the 32 bytes") == true)
            #expect(error?.message.contains("restore it") == true)
            #expect(try fixture.lines() == before && FileManager.default.fileExists(atPath: key) == (bytes != nil))
        }
    }

    @Test("the first start makes a key that nobody else may read, whatever a crash left behind")
    func made() throws {
        try withAudit { fixture in
            try Data("half".utf8).write(to: URL(filePath: fixture.directory + "/audit.key.new"))
            let log = try fixture.open()
            try log.close()
            var status = stat()
            #expect(stat(fixture.directory + "/audit.key", &status) == 0 && status.st_mode & 0o7777 == 0o600)
            #expect(status.st_size == 32)
            let again = try fixture.open()
            #expect(again.publicKey == log.publicKey)
            try again.close()
        }
    }

    @Test("a check needs the key's public half, from its file or by name")
    func publicKey() throws {
        try withAudit { fixture in
            try fixture.open().close()
            #expect(try AuditVerifier(directory: fixture.logs, keyAndHeadIn: fixture.directory).verify().isIntact)
            let error = #expect(throws: AuditError.self) {
                try AuditVerifier(directory: fixture.logs, keyAndHeadIn: fixture.logs)
            }
            #expect(error?.message.contains("audit.key is missing") == true)
        }
    }
}
