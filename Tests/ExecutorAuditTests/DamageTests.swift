import ExecutorAPI
import ExecutorAudit
import Foundation
import StrictJSON
import Testing

/// Numbers that are the same in each run, so that a failure can be looked at (splitmix64).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: Int) { state = UInt64(seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Logs that somebody or something damaged")
struct DamageTests {
    private enum Damage: CaseIterable {
        case flipBit, truncate, insert, remove, repeatPart, zero, replace, duplicateLine
    }

    /// Two files of records with nested members, and the key.
    private static func fill(_ fixture: AuditFixture) throws -> String {
        let log = try fixture.open(fileBytes: 4000)
        for number in 0..<12 {
            var event = AuditFixture.event(number % 2 == 0 ? .intent : .outcome, id: "\(number / 2)")
            (event.operation, event.call) = ("op\(number / 2)", "call")
            event.result = ["text": "a\"b\\c\n\u{1}ü", "kind": "intent", "list": [1, [2, ["kind": "checkpoint"]]]]
            try log.append(event, durability: .buffered)
        }
        try log.close()
        return log.publicKey
    }

    private static func apply(_ damage: Damage, to bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 1...300, using: &random))
        let noise = (at..<end).map { _ in UInt8.random(in: 0...255, using: &random) }
        switch damage {
        case .flipBit: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case .truncate: bytes.removeSubrange(at...)
        case .insert: bytes.insert(contentsOf: noise, at: at)
        case .remove: bytes.removeSubrange(at..<end)
        case .repeatPart: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case .zero: bytes.replaceSubrange(at..<end, with: repeatElement(0, count: end - at))
        case .replace: bytes.replaceSubrange(at..<end, with: noise)
        case .duplicateLine:
            let lines = bytes.split(separator: 0x0A)
            let line = lines[Int.random(in: lines.indices, using: &random)]
            bytes += line + [0x0A]
        }
        return bytes
    }

    /// Everything that reads a log reads this one, and comes to an end.
    private static func readAll(_ fixture: AuditFixture) throws {
        for order in AuditQuery.Order.allCases {
            var query = AuditQuery(limit: 3)
            query.order = order
            (query.afterSequence, query.beforeSequence) = (2, 13)
            _ = try query.run(directory: fixture.logs)
            (query.afterSequence, query.beforeSequence, query.tool) = (nil, nil, "run_command")
            query.since = Timestamp.now().adding(.seconds(-60))
            _ = try query.run(directory: fixture.logs)
        }
        try AuditLog.forEachRecentOperation(in: fixture.logs, within: .seconds(60)) { _ in }
    }

    @Test("damage of any kind is found and its place named, and nothing that reads the log crashes", arguments: 0..<6)
    func anyDamage(_ seed: Int) throws {
        try withAudit { fixture in
            let key = try Self.fill(fixture)
            let files = fixture.fileNames.map { URL(filePath: "\(fixture.logs)/\($0)") }
            let whole = try files.map { [UInt8](try Data(contentsOf: $0)) }
            var random = SeededGenerator(seed: seed)
            for _ in 0..<6 {
                let index = Int.random(in: files.indices, using: &random)
                for damage in Damage.allCases {
                    let damaged = Self.apply(damage, to: whole[index], &random)
                    try Data(damaged).write(to: files[index])
                    let verdict = fixture.verifier(key).verify()
                    if damaged != whole[index] {
                        #expect(!verdict.isIntact && Self.namesAPlace(verdict.message), "\(damage): \(verdict.message)")
                    }
                    try Self.readAll(fixture)
                }
                try Data(whole[index]).write(to: files[index])
            }
            #expect(fixture.verifier(key).verify().isIntact)
        }
    }

    private static func namesAPlace(_ message: String) -> Bool {
        message.contains(#/0000\d\d\.jsonl, line \d+: /#)
            || message.contains(/ends at record \d+, and record \d+ was signed/)
    }

    @Test("a file of any bytes is no log, and is said to be none", arguments: 0..<3)
    func anyBytes(_ seed: Int) throws {
        try withAudit { fixture in
            let key = try Self.fill(fixture)
            let file = URL(filePath: fixture.logs + "/000001.jsonl")
            var random = SeededGenerator(seed: seed + 1000)
            for count in [0, 1, 2, 300, 70_000, 300_000] {
                // Few different bytes, so that there are newlines, quotes and braces.
                let alphabet = Array("{}[]\",:\\\n0ab".utf8) + [0, 0xFF]
                let isText = Bool.random(using: &random)
                let bytes = (0..<count).map { _ in
                    isText
                        ? alphabet[Int(random.next() % UInt64(alphabet.count))]
                        : UInt8(truncatingIfNeeded: random.next())
                }
                try Data(bytes).write(to: file)
                #expect(!fixture.verifier(key).verify().isIntact)
                try Self.readAll(fixture)
            }
        }
    }

    @Test("a line without an end is not held, and is said to be longer than any record")
    func longLine() throws {
        try withAudit { fixture in
            let key = try Self.fill(fixture)
            let file = fixture.logs + "/000002.jsonl"
            let lines = try fixture.lines("000002.jsonl")
            let long = String(repeating: "x", count: 1_500_000)
            try fixture.write(Array(lines.prefix(1)) + [long] + Array(lines.dropFirst()), "000002.jsonl")
            let verdict = fixture.verifier(key).verify()
            #expect(
                verdict.message.contains("000002.jsonl, line 2: the line is longer than any record"),
                "\(verdict.message)")
            // The records on either side of it are still found, from either side.
            let wanted = try lines.map { try JSONValue(parsing: $0)["seq"]?.intValue }
            for order in AuditQuery.Order.allCases {
                var query = AuditQuery()
                (query.order, query.afterSequence) = (order, (wanted.first ?? 1).map { $0 - 1 })
                let found = try query.run(directory: fixture.logs).records.map { $0["seq"]?.intValue }
                #expect(found == (order == .oldest ? wanted : wanted.reversed()))
            }
            // Without its newline it is what a crash tore, and a start goes on before it.
            try Data((lines.joined(separator: "\n") + "\n" + long).utf8).write(to: URL(filePath: file))
            let log = try fixture.open()
            try log.close()
            #expect(fixture.verifier(key).verify().isIntact)
        }
    }

    @Test("a start on a damaged log goes on, records what it found, and the log stays damaged", arguments: 0..<30)
    func startOnDamage(_ seed: Int) throws {
        try withAudit { fixture in
            let key = try Self.fill(fixture)
            let file = URL(filePath: "\(fixture.logs)/\(fixture.fileNames.last ?? "")")
            let whole = [UInt8](try Data(contentsOf: file))
            var random = SeededGenerator(seed: seed + 2000)
            let damage = Damage.allCases[seed % Damage.allCases.count]
            let damaged = Self.apply(damage, to: whole, &random)
            try Data(damaged).write(to: file)
            let log = try fixture.open()
            try log.append(AuditFixture.event(.note, id: "later"), durability: .synced)
            try log.close()
            // Only what was torn off behind the signed end is as if it had never been.
            let isSame = Array(damaged.prefix(whole.count)) == whole && !damaged.dropFirst(whole.count).contains(0x0A)
            #expect(fixture.verifier(key).verify().isIntact == isSame)
        }
    }
}
