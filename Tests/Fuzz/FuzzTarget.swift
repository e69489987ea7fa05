import Foundation
import StrictJSON

/// Each reader of bytes that somebody else wrote.
enum FuzzTarget: String, CaseIterable {
    /// Lines of an audit log, by those who can write its files.
    case audit
    /// A file of certificates.
    case certificate
    /// A command line: the splitter, and the shipped rules over it.
    case command
    /// Breaks a property on purpose: a run that does not find it has looked at nothing.
    case control
    /// JSON text.
    case json
    /// Bytes on a socket: lines, then messages.
    case lines
    /// A line of a log, or a moment as somebody says it.
    case logTime = "log-time"
    /// Output of a child, on its way out.
    case masker
    /// One JSON-RPC message.
    case message
    /// `tools.json` and the packs, and calls of what they define.
    case ownTool = "own-tool"
    /// `allowlist.json` and `executor.json`.
    case policy

    func run(_ bytes: [UInt8]) {
        switch self {
        case .audit: AuditFuzz.run(bytes)
        case .certificate: CertificateFuzz.run(bytes)
        case .command: CommandFuzz.run(bytes)
        case .control: control(bytes)
        case .json: MessageFuzz.json(bytes)
        case .lines: MessageFuzz.lines(bytes)
        case .logTime: LogTimeFuzz.run(bytes)
        case .masker: MaskerFuzz.run(bytes)
        case .message: MessageFuzz.message(bytes)
        case .ownTool: OwnToolFuzz.run(bytes)
        case .policy: PolicyFuzz.run(bytes)
        }
    }

    /// Byte after byte, as an instrumented reader is entered.
    private func control(_ bytes: [UInt8]) {
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "b"), bytes[1] == UInt8(ascii: "u") else { return }
        require(bytes[2] != UInt8(ascii: "g"), "found")
    }

    private var seeds: [[UInt8]] {
        switch self {
        case .audit: [AuditFuzz.genuine]
        case .certificate: CertificateFuzz.seeds
        case .command: Seeds.commands
        case .control: [[]]
        case .json, .message, .lines: MessageFuzz.seeds
        case .logTime: LogTimeFuzz.seeds
        case .masker: MaskerFuzz.seeds
        case .ownTool: OwnToolFuzz.seeds
        case .policy: PolicyFuzz.seeds
        }
    }

    /// A file for each, named by its number.
    func writeSeeds(to directory: String) {
        for (number, seed) in seeds.enumerated() {
            let path = directory + "/seed-\(number)"
            guard FileManager.default.createFile(atPath: path, contents: Data(seed)) else { Fuzz.fail(path) }
        }
    }
}

/// What the repository has already: the rules that ship, and the lines of both corpora.
enum Seeds {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").path

    static func file(_ name: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: root + "/" + name) else { Fuzz.fail(name) }
        return Array(data)
    }

    static var commands: [[UInt8]] {
        ["hostile", "ordinary"].flatMap { name in
            file("Tests/ExecutorPolicyTests/Corpus/\(name).jsonl").split(separator: 0x0A).compactMap { line in
                (try? JSONValue(parsing: line))?["line"]?.stringValue.map { Array($0.utf8) }
            }
        }
    }
}
