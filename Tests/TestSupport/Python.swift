import Foundation

/// The Python environments that `scripts/requirements.sh --test` makes beside the build.
package enum Python: String, CaseIterable, Sendable {
    /// The official MCP client of revision 2026-07-28, and the validator of schemas.
    case current = "python"
    /// moto's server and the AWS command line.
    case cloud = "python-cloud"
    /// The last official client of the handshake's era.
    case handshake = "python-handshake"

    /// This package's directory.
    package static let package = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    package var interpreter: String { Self.package + "/.build/\(rawValue)/bin/python" }

    package var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: interpreter) }

    /// A program of this environment's.
    package func program(_ name: String) -> String { Self.package + "/.build/\(rawValue)/bin/\(name)" }

    /// Runs a script with this environment's interpreter, to its end.
    package func run(
        _ script: String, _ arguments: [String]
    ) async throws -> (status: Int32, output: String, error: String) {
        try await Program.run(interpreter, [script] + arguments)
    }
}
