package import ExecutorAPI

/// One command line, split into arguments by a small strict grammar.
///
/// Words, single quotes, double quotes and backslash; nothing else. What a shell would expand, redirect or
/// chain is refused, and named. No shell ever sees the text.
package struct CommandLine: Sendable, Hashable {
    package let arguments: [String]

    /// Limits of one request.
    package static let maximumBytes = 4096
    package static let maximumArguments = 64

    package init(_ line: String) throws(Refusal) {
        let bytes = Array(line.utf8)
        guard bytes.count <= Self.maximumBytes else {
            throw Self.malformed("The command has \(bytes.count) bytes.", "A command has at most \(Self.maximumBytes).")
        }
        var splitter = Splitter(bytes)
        arguments = try splitter.split()
        guard !arguments.isEmpty else {
            throw Self.malformed("The command is empty.", "Send one command, such as: systemctl status nginx")
        }
        guard arguments.count <= Self.maximumArguments else {
            throw Self.malformed(
                "The command has \(arguments.count) arguments.", "A command has at most \(Self.maximumArguments).")
        }
    }

    /// The line that splits into exactly these arguments.
    package static func render(_ arguments: [String]) -> String {
        arguments.map(quote).joined(separator: " ")
    }

    private static func quote(_ argument: String) -> String {
        let isPlain = !argument.isEmpty && argument.utf8.allSatisfy(ASCII.isPlainWord)
        if isPlain { return argument }
        var quoted = "'"
        for character in argument.unicodeScalars {
            if character == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(character) }
        }
        return quoted + "'"
    }

    static func malformed(_ message: String, _ alternative: String) -> Refusal {
        Refusal(.malformed, rule: "grammar", message: message, alternative: alternative)
    }
}

/// The state machine of the grammar; one byte at a time.
private struct Splitter {
    private enum Mode { case word, single, double }

    private let bytes: [UInt8]
    private var arguments: [String] = []
    private var word: [UInt8] = []
    /// Quotes make a word, even an empty one.
    private var hasWord = false
    private var mode = Mode.word

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func split() throws(Refusal) -> [String] {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            try checkPrintable(byte)
            switch (mode, byte) {
            case (.single, UInt8(ascii: "'")), (.double, UInt8(ascii: "\"")): mode = .word
            case (.single, _): word.append(byte)
            case (.double, UInt8(ascii: "$")), (.double, UInt8(ascii: "`")), (.double, UInt8(ascii: "!")):
                throw refuse(byte, "within double quotes; use single quotes to mean the character itself")
            case (_, UInt8(ascii: "\\")):
                index += 1
                guard index < bytes.count else {
                    throw CommandLine.malformed(
                        "The command ends in a backslash.", "Write a backslash before the character it quotes.")
                }
                try escape(bytes[index])
            case (.double, _): word.append(byte)
            case (.word, UInt8(ascii: " ")): endWord()
            case (.word, UInt8(ascii: "'")): (mode, hasWord) = (.single, true)
            case (.word, UInt8(ascii: "\"")): (mode, hasWord) = (.double, true)
            case (.word, _): try append(byte)
            }
            index += 1
        }
        guard mode == .word else {
            throw CommandLine.malformed("A quote is not closed.", "Close it with the same character.")
        }
        endWord()
        return arguments
    }

    private mutating func append(_ byte: UInt8) throws(Refusal) {
        let isHomeOrComment = word.isEmpty && !hasWord && (byte == UInt8(ascii: "~") || byte == UInt8(ascii: "#"))
        if ASCII.metacharacters.contains(byte) || isHomeOrComment {
            throw refuse(byte, "outside quotes: no shell runs here; send one plain command, or quote the character")
        }
        word.append(byte)
        hasWord = true
    }

    /// Within double quotes a backslash quotes only itself and the quote, as in a shell.
    private mutating func escape(_ byte: UInt8) throws(Refusal) {
        try checkPrintable(byte)
        if mode == .double, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "\"") {
            throw CommandLine.malformed(
                "A backslash within double quotes stands before \"\(ASCII.name(byte))\".",
                "There it may stand before a quote or a backslash only.")
        }
        word.append(byte)
        hasWord = true
    }

    private mutating func endWord() {
        guard hasWord else { return }
        arguments.append(String(decoding: word, as: UTF8.self))
        word.removeAll(keepingCapacity: true)
        hasWord = false
    }

    private func checkPrintable(_ byte: UInt8) throws(Refusal) {
        guard (0x20...0x7E).contains(byte) else {
            throw CommandLine.malformed(
                "The command has \(ASCII.name(byte)).", "A command is one line of printable ASCII characters.")
        }
    }

    private func refuse(_ byte: UInt8, _ advice: String) -> Refusal {
        CommandLine.malformed(
            "The command has \"\(ASCII.name(byte))\" where a shell would act on it.",
            "It is not accepted \(advice).")
    }
}

/// Questions about single bytes.
enum ASCII {
    /// What a shell acts on outside quotes.
    static let metacharacters = Set("|&;<>()$`!{}[]*?\n\t\r".utf8)

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Needs no quotes in a rendered line.
    static func isPlainWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || plainPunctuation.contains(byte) }

    private static let plainPunctuation = Set("_@%+=:,./-".utf8)

    /// As a person reads it: the character, or what it is called.
    static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0: "a NUL byte"
        case 0x09: "a tab"
        case 0x0A, 0x0D: "a line break"
        case 0x20...0x7E: String(UnicodeScalar(byte))
        case 0x80...0xFF: "a character outside ASCII"
        default: "a control character"
        }
    }

    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
