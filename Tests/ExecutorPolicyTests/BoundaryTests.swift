import ExecutorAPI
import StrictJSON
import Testing

@testable import ExecutorPolicy

/// Limits, at the last value that is taken and the first that is not.
@Suite("Limits to the number")
struct BoundaryTests {
    @Test("a command of 4096 bytes is read, and one of 4097 is not; so are 64 arguments, and 65")
    func commandLine() throws {
        #expect(throws: Refusal.self) { try CommandLine(String(repeating: "a", count: 4097)) }
        #expect(throws: Refusal.self) { try CommandLine(Array(repeating: "a", count: 65).joined(separator: " ")) }
        #expect(try CommandLine(String(repeating: "a", count: 4096)).arguments.count == 1)
        #expect(try CommandLine(Array(repeating: "a", count: 64).joined(separator: " ")).arguments.count == 64)
    }

    @Test("a unit's name has 255 bytes with the suffix that systemd gives it")
    func unitName() {
        #expect(UnitName(String(repeating: "a", count: 248)) == nil)
        #expect(UnitName(String(repeating: "a", count: 256 - 7) + ".socket") == nil)
        #expect(UnitName(String(repeating: "a", count: 247))?.text.utf8.count == 255)
        #expect(UnitName(String(repeating: "a", count: 248) + ".socket")?.text.utf8.count == 255)
    }

    @Test("a host's name has 253 bytes, and each part 63")
    func hostName() {
        func name(_ last: Int) -> String {
            (Array(repeating: String(repeating: "a", count: 63), count: 3) + [String(repeating: "b", count: last)])
                .joined(separator: ".")
        }
        #expect(!HostName.isValid(name(62)))
        #expect(!HostName.isValid(String(repeating: "a", count: 64)))
        #expect(HostName.isValid(name(61)))
        #expect(HostName.isValid(String(repeating: "a", count: 63)))
    }

    @Test(
        "two colons stand for at least one group of zeros, and an address has eight groups",
        arguments: [
            ("1:2:3:4:5:6:7::8", false), ("1:2:3:4::5:6:7:8", false), ("::1:2:3:4:5:6:7:8", false),
            ("1:2:3:4:5:6:7:8:9", false), ("1:2:3:4:5:6:7", false), ("1::2::3", false),
            ("::1:2:3:4:5:6:1.2.3.4", false),
            ("1:2:3:4:5:6::8", true), ("1:2:3:4:5:6:7:8", true), ("::1:2:3:4:5:1.2.3.4", true), ("::", true),
        ])
    func groups(_ text: String, _ isAddress: Bool) { #expect((InternetAddress(text) != nil) == isAddress) }

    /// The grant of a rule with this member.
    private func grant(_ member: String) throws -> Grant {
        let policy = try Fixture.policy(#"{"a": [{"command": "uptime", \#(member)}]}"#)
        return try #require(policy.judge(line: "uptime").grant)
    }

    @Test("a time-out is from a second to an hour")
    func timeouts() throws {
        for text in ["0s", "-1s", "0m", "3601s", "61m", "2h", "s", "", "1d", "1.5s"] {
            #expect(throws: PolicyError.self, "\(text)") { try grant(#""timeout": "\#(text)""#) }
        }
        for (text, seconds) in [("1s", 1), ("3600s", 3600), ("60m", 3600), ("1h", 3600)] {
            #expect(try grant(#""timeout": "\#(text)""#).timeout == .seconds(seconds))
        }
    }

    @Test("a rule's figures are from 1 to 2^20, and its output is cut at 16 MiB whatever it says")
    func limits() throws {
        for name in ["memory_mb", "processes", "output_kb", "open_files"] {
            for number in ["0", "-1", "1048577", "1.5", "\"1\""] {
                #expect(throws: PolicyError.self, "\(name) \(number)") {
                    try grant(#""limits": {"\#(name)": \#(number)}"#)
                }
            }
            _ = try grant(#""limits": {"\#(name)": 1048576}"#)
        }
        for (number, bytes) in [(1, 1 << 10), (16 << 10, 16 << 20), ((16 << 10) + 1, 16 << 20), (1 << 20, 16 << 20)] {
            #expect(try grant(#""limits": {"output_kb": \#(number)}"#).limits.outputBytes == bytes)
        }
    }

    @Test("an account's name has 32 bytes, and a rule's text 512")
    func texts() throws {
        func name(_ count: Int) -> String { String(repeating: "a", count: count) }
        #expect(throws: PolicyError.self) { try grant(#""run_as": "\#(name(33))""#) }
        #expect(throws: PolicyError.self) { try grant(#""justification": "\#(name(513))""#) }
        #expect(try grant(#""run_as": "\#(name(32))""#).runAs == .user(name(32)))
        _ = try grant(#""justification": "\#(name(512))""#)
    }

    @Test("a command of one's own has 32 variables, of 64 bytes a name and 1024 a value")
    func environment() throws {
        func read(_ variables: [String: String]) throws -> OwnCommand {
            let members: [String: JSONValue] = [
                "command": "x", "effect": "read", "environment": .object(variables.mapValues { .string($0) }),
            ]
            return try OwnCommand(
                name: "tool", members: members, settings: PolicySettings(), file: "tools.json",
                locate: { "/usr/bin/\($0)" })
        }
        func variables(_ count: Int) -> [String: String] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("A\($0)", "") })
        }
        func text(_ count: Int) -> String { String(repeating: "A", count: count) }
        for refused in [variables(33), [text(65): ""], ["": ""], ["A": text(1025)]] {
            #expect(throws: (any Error).self) { try read(refused) }
        }
        for taken in [variables(32), [text(64): ""], ["A": text(1024)]] { _ = try read(taken) }
    }
}
