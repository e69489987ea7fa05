import ExecutorAPI
import ExecutorAudit
import Foundation
import StrictJSON
import Testing

@Suite("Reading the log")
struct AuditQueryTests {
    /// Every page of a query, one after the other.
    private static func all(_ query: AuditQuery, _ fixture: AuditFixture) throws -> [JSONValue] {
        var (query, records): (AuditQuery, [JSONValue]) = (query, [])
        while true {
            let page = try query.run(directory: fixture.logs)
            records += page.records
            guard let cursor = page.cursor else { return records }
            query = query.continued(after: cursor)
        }
    }

    private static func ids(_ records: [JSONValue]) -> [String] { records.map { $0["id"]?.stringValue ?? "-" } }

    private static func fill(_ log: AuditLog, _ range: ClosedRange<Int>) throws {
        for number in range { try log.append(AuditFixture.event(.note, id: "\(number)"), durability: .buffered) }
    }

    @Test(
        "pages come in either order without a gap or a repeat, over several files",
        arguments: AuditQuery.Order.allCases, [1, 7, 50, 1000])
    func pages(_ order: AuditQuery.Order, _ limit: Int) throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 3000)
            try Self.fill(log, 1...50)
            try log.close()
            try #require(fixture.fileNames.count > 5)
            var query = AuditQuery(limit: limit)
            (query.kind, query.order) = ("note", order)
            let wanted = (1...50).map { "\($0)" }
            #expect(try Self.ids(Self.all(query, fixture)) == (order == .newest ? wanted.reversed() : wanted))
        }
    }

    @Test("a page of records that are large is short, and goes on", arguments: AuditQuery.Order.allCases)
    func largeRecords(_ order: AuditQuery.Order) throws {
        try withAudit { fixture in
            let log = try fixture.open()
            for number in 1...20 {
                var event = AuditFixture.event(.note, id: "\(number)")
                event.detail = ["text": .string(String(repeating: "x", count: 100_000))]
                try log.append(event, durability: .buffered)
            }
            try log.close()
            var query = AuditQuery()
            (query.kind, query.order) = ("note", order)
            let page = try query.run(directory: fixture.logs)
            #expect(page.records.count == 5 && page.cursor != nil)
            #expect(try Self.all(query, fixture).count == 20)
        }
    }

    @Test("a page goes on from wherever it is asked to, by sequence", arguments: [1, 2, 700, 1499, 1500, 9999])
    func anywhere(_ sequence: Int) throws {
        try withAudit { fixture in
            // Large enough that the place is searched for, not read up to.
            let log = try fixture.open(fileBytes: 300_000)
            try Self.fill(log, 1...1500)
            try log.close()
            var before = AuditQuery(limit: 3)
            before.beforeSequence = sequence
            var after = AuditQuery(limit: 3)
            (after.afterSequence, after.order) = (sequence, .oldest)
            let last = try #require(
                try AuditQuery(limit: 1).run(directory: fixture.logs).records.first?["seq"]?.intValue)
            func sequences(_ query: AuditQuery) throws -> [Int] {
                try query.run(directory: fixture.logs).records.compactMap { $0["seq"]?.intValue }
            }
            let end = min(sequence - 1, last)
            #expect(try sequences(before) == (end > 0 ? Array((max(1, end - 2)...end).reversed()) : []))
            #expect(try sequences(after) == (sequence < last ? Array(sequence + 1...min(sequence + 3, last)) : []))
            after.beforeSequence = sequence + 2
            #expect(try sequences(after) == (sequence < last ? [sequence + 1] : []))
            before.afterSequence = sequence - 2
            #expect(try sequences(before) == (sequence > 1 && sequence <= last ? [sequence - 1] : []))
        }
    }

    @Test(
        "a place that no record can have is before or behind all of them", arguments: AuditQuery.Order.allCases,
        [Int.min, -1, Int.max - 1, Int.max])
    func beyond(_ order: AuditQuery.Order, _ sequence: Int) throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 3000)
            try Self.fill(log, 1...20)
            try log.close()
            var query = AuditQuery(limit: 1000)
            query.order = order
            let all = try query.run(directory: fixture.logs).records.count
            query.afterSequence = sequence
            #expect(try query.run(directory: fixture.logs).records.count == (sequence < 0 ? all : 0))
            // As a cursor, which is whatever a caller sends.
            query.afterSequence = nil
            let isBehind = order == .newest ? sequence > 0 : sequence < 0
            let page = try query.continued(after: sequence).run(directory: fixture.logs)
            #expect(page.records.count == (isBehind ? all : 0))
        }
    }

    @Test("each filter keeps what it names, and nothing that only stands deeper in a record")
    func filters() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            var event = AuditFixture.event(.intent, id: "x", tool: "check_port")
            event.actor = Actor(userID: "42")
            try log.append(event, durability: .buffered)
            try log.append(AuditFixture.event(.refusal, id: "y"), durability: .buffered)
            event = AuditFixture.event(.note, id: "z")
            event.detail = ["tool": "check_port", "kind": "refusal", "user_id": "42", "rule": "r"]
            try log.append(event, durability: .buffered)
            try log.append(AuditFixture.event(.question, id: "q"), durability: .buffered)
            try log.append(AuditFixture.event(.denial, id: "d"), durability: .buffered)
            try log.close()
            func ids(_ change: (inout AuditQuery) -> Void) throws -> [String] {
                var query = AuditQuery()
                change(&query)
                return try Self.ids(query.run(directory: fixture.logs).records)
            }
            #expect(try ids { $0.tool = "check_port" } == ["x"])
            #expect(try ids { $0.kind = "refusal" } == ["y"])
            #expect(try ids { $0.actor = "42" } == ["x"])
            #expect(try ids { $0.rule = "r" } == [])
            #expect(try ids { $0.rule = "system/uptime" } == ["d", "q", "z", "y", "x"])
            #expect(try ids { $0.verdict = .allowed } == ["x"])
            #expect(try ids { $0.verdict = .denied } == ["d", "y"])
            #expect(try ids { $0.verdict = .needsApproval } == ["q"])
            #expect(try ids { $0.afterSequence = 3 } == ["-", "d", "q"])
            #expect(try ids { $0.since = Timestamp.now().adding(.seconds(60)) } == [])
            #expect(try ids { $0.until = Timestamp.now().adding(.seconds(-60)) } == [])
            #expect(try ids { $0.since = Timestamp.now().adding(.seconds(-60)) }.count == 6)
        }
    }

    @Test("a time is looked for in the files that have it, even where the clock was set back")
    func times() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 3000)
            try Self.fill(log, 1...40)
            try log.close()
            // Other times for the same records: an hour a file, and one file that goes back.
            let names = fixture.fileNames
            for (hour, name) in names.enumerated() {
                let day = "2026-01-02T\(hour + 10):00:00.000Z"
                let back = "2026-01-02T09:30:00.000Z"
                let lines = try fixture.lines(name).enumerated().map { index, line in
                    let time = hour == 3 && index == 1 ? back : day
                    let changed = line.replacing(/"time":"[^"]*"/, with: "\"time\":\"\(time)\"")
                    return changed.replacing(/"earliest":"[^"]*"/, with: "\"earliest\":\"\(hour == 3 ? back : day)\"")
                        .replacing(/"latest":"[^"]*"/, with: "\"latest\":\"\(day)\"")
                }
                try fixture.write(lines, name)
            }
            var query = AuditQuery()
            (query.since, query.until) = (Timestamp("2026-01-02T09:00:00Z"), Timestamp("2026-01-02T10:00:00Z"))
            #expect(try query.run(directory: fixture.logs).records.count == 1)
            (query.since, query.until) = (Timestamp("2026-01-02T12:00:00Z"), Timestamp("2026-01-02T13:00:00Z"))
            #expect(try query.run(directory: fixture.logs).records.count == fixture.lines(names[2]).count)
        }
    }

    @Test("a file whose records are none is passed over, and a directory that is missing is an error")
    func damaged() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 3000)
            try Self.fill(log, 1...30)
            try log.close()
            let names = fixture.fileNames
            try Data(repeating: 0x41, count: 700_000).write(to: URL(filePath: fixture.logs + "/" + names[1]))
            try Data().write(to: URL(filePath: fixture.logs + "/" + names[2]))
            for order in AuditQuery.Order.allCases {
                var query = AuditQuery()
                query.order = order
                query.kind = "note"
                let found = try Set(Self.ids(Self.all(query, fixture)))
                #expect(found.contains("1") && found.contains("30") && found.count > 10)
            }
        }
        #expect(throws: AuditError.self) { try AuditQuery().run(directory: "/none") }
    }

    @Test("a query that reads much stops, and goes on where it stopped", arguments: AuditQuery.Order.allCases)
    func scanLimit(_ order: AuditQuery.Order) throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 3000)
            try Self.fill(log, 1...30)
            try log.append(AuditFixture.event(.refusal, id: "x"), durability: .buffered)
            try Self.fill(log, 31...60)
            try log.close()
            var query = AuditQuery()
            (query.order, query.kind, query.scanBytes) = (order, "refusal", 2000)
            let page = try query.run(directory: fixture.logs)
            #expect(page.records.isEmpty && page.cursor != nil && page.cursor == page.seen)
            #expect(try Self.ids(Self.all(query, fixture)) == ["x"])
        }
    }

    @Test("the last record that was looked at is told, whether it matched or not")
    func seen() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.fill(log, 1...10)
            var query = AuditQuery()
            (query.kind, query.order) = ("refusal", .oldest)
            #expect(try query.run(directory: fixture.logs).seen == 10)
            query.afterSequence = 10
            #expect(try query.run(directory: fixture.logs).seen == nil)
            (query.kind, query.limit, query.afterSequence) = ("note", 4, 2)
            #expect(try query.run(directory: fixture.logs).seen == 6)
            try log.close()
        }
    }
}
