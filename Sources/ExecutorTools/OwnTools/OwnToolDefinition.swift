package import ExecutorPolicy
import Glibc
import StrictJSON

/// A tool of the administrator's own: an entry of `own_tools` in tools.json, or in a file of the packs.
package struct OwnToolDefinition: Sendable {
    /// What is made of the command's output, beside the text itself.
    package enum Parser: String, Sendable, Hashable, CaseIterable {
        case json
        case lines
        case text
    }

    package let name: String
    package let title: String
    /// For the model.
    package let description: String
    package let parser: Parser
    package let command: OwnCommand

    private static let members = ["description", "output", "title"] + OwnCommand.members

    /// Reads one entry.
    ///
    /// - Parameter settings: Where programs are pinned, and what paths may be read.
    init(_ object: SettingsObject, name: String, settings: PolicySettings) throws(ToolSettingsError) {
        try object.allowOnly(Self.members.sorted())
        guard let description = try object.string("description"), (20...2048).contains(description.utf8.count) else {
            throw object.error(
                "it has no 'description' of 20 to 2048 bytes",
                "Say in some sentences what the tool does, when to use it and what it answers.")
        }
        self.name = name
        self.description = description
        title = try object.string("title") ?? name
        let parser = try object.choice("output", of: Parser.allCases.map(\.rawValue))
        self.parser = parser.flatMap { Parser(rawValue: $0) } ?? .text
        do throws(PolicyError) {
            command = try OwnCommand(
                name: name, members: object.members.filter { OwnCommand.members.contains($0.key) }, settings: settings,
                file: object.file, locate: Self.locate)
        } catch {
            throw object.error(error.problem, "\(error.remedy.prefix(1).uppercased())\(error.remedy.dropFirst()).")
        }
    }

    /// Reads `own_tools`, by name.
    static func all(_ object: SettingsObject, settings: PolicySettings) throws(ToolSettingsError) -> [OwnToolDefinition]
    {
        var tools: [OwnToolDefinition] = []
        for name in object.members.keys.sorted() {
            try checkName(name, in: object)
            guard let entry = try object.object(name) else { continue }
            tools.append(try OwnToolDefinition(entry, name: name, settings: settings))
        }
        return tools
    }

    private static func checkName(_ name: String, in object: SettingsObject) throws(ToolSettingsError) {
        let isName =
            name.utf8.count <= 64 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(name.utf8.first ?? 0)
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
        guard isName else {
            throw object.error(
                "'\(PrintableText.line(name, limit: 64))' is no name of a tool",
                "Write a to z, 0 to 9 and _, beginning with a letter, at most 64.")
        }
        guard ToolSettings.builtIn(name) == nil else {
            throw object.error("one of the ten tools has this name", "Give the tool a name of its own.", at: name)
        }
    }

    private static let directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// Where a program is now; where it is nowhere, the path it would have.
    private static func locate(_ program: String) -> String? {
        let paths = directories.map { "\($0)/\(program)" }
        return paths.first { access($0, X_OK) == 0 } ?? "/usr/bin/\(program)"
    }

    /// Why the tool cannot be offered whatever its prerequisite says; `nil` where its program is there.
    package var missingProgram: String? {
        access(command.executable, X_OK) == 0 ? nil : "\(command.executable) is not installed on this machine"
    }
}
