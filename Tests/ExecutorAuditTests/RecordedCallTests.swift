import ExecutorAPI
import ExecutorAudit
import StrictJSON
import Testing

@Suite("A call found by its id")
struct RecordedCallTests {
    private static func append(
        _ kind: AuditEvent.Kind, id: String, operation: String? = nil, user: UInt32 = 7, command: String = "uptime",
        detail: [String: JSONValue] = [:], to log: AuditLog
    ) throws {
        var event = AuditFixture.event(kind, id: id, user: user)
        (event.operation, event.call, event.argv, event.detail) = (operation, operation, [command], detail)
        try log.append(event, durability: .buffered)
    }

    private static func find(
        _ id: String, of user: UInt32? = 7, within span: Duration = .seconds(60), _ fixture: AuditFixture
    ) throws -> RecordedCall? { try AuditLog.call(id, of: user, in: fixture.logs, within: span) }

    @Test("what never ran, what is another user's, and what is too long ago is not found")
    func absent() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.append(.intent, id: "a", operation: "one", to: log)
            try Self.append(.refusal, id: "b", operation: "two", to: log)
            try Self.append(.intent, id: "c", operation: "three", to: log)
            try Self.append(.refusal, id: "c", operation: "three", to: log)
            try log.close()
            for id in ["never", "two", "b", "three", "c", "", "\"", "intent"] {
                #expect(try Self.find(id, fixture) == nil, "\(id)")
            }
            #expect(try Self.find("one", of: 8, fixture) == nil)
            #expect(try Self.find("one", within: .seconds(-60), fixture) == nil)
        }
    }

    @Test("a call that its caller named by the log's id of another does not take the other's place")
    func forged() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.append(.intent, id: "b", operation: "a", command: "systemctl stop before", to: log)
            try Self.append(.intent, id: "a", command: "systemctl stop web", to: log)
            try Self.append(.intent, id: "c", operation: "a", command: "systemctl stop after", to: log)
            try Self.append(.outcome, id: "c", operation: "a", detail: ["changed": true], to: log)
            try log.close()
            let call = try Self.find("a", fixture)
            #expect(call?.id == "a" && call?.command == "systemctl stop web" && call?.outcome == nil)
        }
    }

    @Test("what a caller's call or its answer says of operations makes none")
    func saidOnly() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.append(.intent, id: "a", operation: "one", to: log)
            var answer = AuditFixture.event(.outcome, id: "b")
            answer.result = ["operation": "two", "call": "uptime"]
            try log.append(answer, durability: .buffered)
            try Self.append(.refusal, id: "c", detail: ["operation": "one", "call": "one"], to: log)
            try log.close()
            var seen: [String] = []
            try AuditLog.forEachRecentOperation(in: fixture.logs, within: .seconds(60)) { seen.append($0.id) }
            #expect(seen == ["one"])
        }
    }

    @Test("a call is found by its caller's id and by the log's own, with what its outcome says")
    func found() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.append(.intent, id: "a", operation: "one", command: "systemctl stop web", to: log)
            #expect(try Self.find("one", fixture)?.outcome == nil)
            try Self.append(.outcome, id: "a", operation: "one", detail: ["changed": true], to: log)
            // The same id of another user's is another call.
            try Self.append(.intent, id: "b", operation: "one", user: 8, command: "uptime", to: log)
            for id in ["one", "a"] {
                let call = try #require(try Self.find(id, fixture))
                #expect(call.id == "a" && call.command == "systemctl stop web" && call.outcome == ["changed": true])
            }
            #expect(try Self.find("one", of: nil, fixture)?.id == "b")
            try log.close()
        }
    }
}
