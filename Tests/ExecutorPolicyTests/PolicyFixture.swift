import Testing
import ExecutorAPI
import ExecutorPolicy
import Foundation
import StrictJSON

enum Fixture {
    /// The allowlist that ships.
    static func shipped() throws -> Policy {
        try Policy(
            allowlist: try config("allowlist.json"), allowlistName: "allowlist.json",
            settings: PolicySettings(parsing: try config("executor.json"), name: "executor.json"), digest: "test")
    }

    /// The id of each rule that ships: its own, or its category and text.
    static func shippedRules() throws -> [String] {
        let categories = try JSONValue(parsing: config("allowlist.json")).objectValue ?? [:]
        return categories.flatMap { category, entries in
            (entries.arrayValue ?? []).compactMap {
                $0["id"]?.stringValue ?? $0.stringValue.map { "\(category)/\($0)" }
            }
        }
    }

    private static func config(_ name: String) throws -> [UInt8] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config")
        return Array(try Data(contentsOf: directory.appending(path: name)))
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
