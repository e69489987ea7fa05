/// The name of a systemd unit, as systemd itself completes it (systemd.unit(5)).
package struct UnitName: Sendable, Hashable {
    /// With its suffix.
    package let text: String

    static let maximumBytes = 255
    private static let suffixes = [
        ".service", ".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path", ".timer", ".slice",
        ".scope",
    ]

    /// `nil` where the text is no unit's name: a path, a glob, an escape, an option.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard let first = bytes.first, ASCII.isAlphanumeric(first) || first == UInt8(ascii: "_"),
            bytes.count <= Self.maximumBytes,
            bytes.allSatisfy({ ASCII.isAlphanumeric($0) || Self.punctuation.contains($0) })
        else { return nil }
        let hasSuffix = Self.suffixes.contains { text.hasSuffix($0) && text.utf8.count > $0.utf8.count }
        self.text = hasSuffix ? text : text + ".service"
        guard self.text.utf8.count <= Self.maximumBytes else { return nil }
    }

    private static let punctuation = Set("_.@:-".utf8)

    /// Whether it fits a pattern in which `*` stands for any characters, upper and lower case told apart.
    package func matches(_ pattern: String) -> Bool { Glob.matches(Array(pattern.utf8)[...], Array(text.utf8)[...]) }

    /// The same, upper and lower case alike: for what forbids.
    func resembles(_ pattern: String) -> Bool {
        Glob.matches(Array(ASCII.lowercased(pattern).utf8)[...], Array(ASCII.lowercased(text).utf8)[...])
    }
}

/// `*` stands for any characters; everything else for itself.
enum Glob {
    static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (pattern, text) = (pattern, text)
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while let byte = text.first {
            if let wanted = pattern.first, wanted == UInt8(ascii: "*") {
                retry = (pattern.dropFirst(), text)
                pattern = pattern.dropFirst()
            } else if pattern.first == byte {
                (pattern, text) = (pattern.dropFirst(), text.dropFirst())
            } else if let last = retry {
                // The last star takes one byte more.
                retry = (last.pattern, last.text.dropFirst())
                (pattern, text) = (last.pattern, last.text.dropFirst())
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
