import Foundation
import StrictJSON
import TestSupport
import Testing

/// The units as systemd itself rates them (systemd-analyze(1), "security"), without a running systemd.
@Suite("The units' hardening", .enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "needs systemd-analyze"))
struct UnitHardeningTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private func analyze(_ unit: String, _ options: String...) async throws -> (
        status: Int32, output: String, error: String
    ) {
        try await Program.run(
            "/usr/bin/systemd-analyze",
            ["security", "--offline=true", "--no-pager"] + options + ["\(Self.root)/systemd/\(unit).service"])
    }

    @Test(
        "no unit is rated more exposed than it was",
        arguments: [
            ("devops-agent", 1.2), ("devops-executor", 3.0), ("devops-agent-backup", 1.7),
        ])
    func exposure(_ unit: String, _ most: Double) async throws {
        let text = try await analyze(unit).output
        let words = text.split(separator: "\n").last?.split(separator: " ").map(String.init) ?? []
        #expect(words.compactMap(Double.init).first.map { $0 <= most } == true, "\(text)")
    }

    @Test("each point that is left open is explained in SECURITY.md", arguments: ["devops-agent", "devops-executor"])
    func leftOpen(_ unit: String) async throws {
        let document = try String(contentsOfFile: Self.root + "/docs/SECURITY.md", encoding: .utf8)
        let rows = document.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let points = try JSONValue(parsing: Array(try await analyze(unit, "--json=short").output.utf8)).arrayValue ?? []
        let open = points.filter { $0["exposure"]?.stringValue != nil }.compactMap { $0["name"]?.stringValue }
        #expect(!open.isEmpty)
        // A bar inside a table's cell is written so.
        for name in open.map({ $0.replacing("|", with: #"\|"#) }) {
            let isExplained = rows.contains { $0.hasPrefix("| `\(name)`") && $0.contains(unit.dropFirst(7)) }
            #expect(isExplained, "\(unit): \(name)")
        }
    }
}
