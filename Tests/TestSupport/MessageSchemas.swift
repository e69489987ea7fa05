import Foundation
import StrictJSON

/// The official schemas of both revisions of the protocol, over recorded messages.
package enum MessageSchemas {
    package struct Report: Sendable {
        /// What is wrong, each with the message it is about.
        package var faults: [String]
        /// How many messages, or parts of them, were held against a definition, such as `2026-07-28 CallToolResult`.
        package var checked: [String: Int]
    }

    /// - Parameter recording: As ``MessageRecorder/text`` is.
    package static func validate(_ recording: String) async throws -> Report {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Schemas/validate.py").path
        let run = try await Program.run(Python.current.interpreter, [script], input: recording)
        guard run.status == 0 else { return Report(faults: [run.error], checked: [:]) }
        var report = Report(faults: [], checked: [:])
        for line in run.output.split(separator: "\n") {
            let json = try JSONValue(parsing: String(line))
            if let checked = json["checked"]?.objectValue {
                report.checked = checked.compactMapValues(\.intValue)
            } else {
                report.faults.append("\(json["reason"]?.stringValue ?? "") in \(json["line"]?.stringValue ?? "")")
            }
        }
        return report
    }
}
