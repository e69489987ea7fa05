import Testing
import ExecutorAPI
import ExecutorPolicy
import Foundation
import StrictJSON

enum Fixture {
    /// The allowlist that ships.
    static func shipped() throws -> Policy {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config/allowlist.json")
        return try Policy(
            allowlist: Array(try Data(contentsOf: file)), allowlistName: "allowlist.json", settings: PolicySettings(),
            digest: "test")
    }

    static func policy(_ allowlist: String, settings: String = "{}") throws -> Policy {
        try Policy(
            allowlist: Array(allowlist.utf8), allowlistName: "allowlist.json",
            settings: PolicySettings(parsing: Array(settings.utf8), name: "executor.json"), digest: "test")
    }

    static func corpus(_ name: String) throws -> [JSONValue] {
        let file = try #require(Bundle.module.url(forResource: "Corpus/\(name)", withExtension: "jsonl"))
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try JSONValue(parsing: String($0))
        }
    }
}

extension Verdict {
    var refusal: Refusal? { if case .denied(let refusal) = self { refusal } else { nil } }
    var grant: Grant? { if case .allowed(let grant) = self { grant } else { nil } }
}
