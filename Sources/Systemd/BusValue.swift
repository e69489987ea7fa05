import CSystemd

/// A value of a D-Bus message.
package enum BusValue: Sendable, Hashable {
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case double(Double)
    case text(String)
    case array([BusValue])
    case structure([BusValue])

    package var text: String? { if case .text(let text) = self { text } else { nil } }
    package var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    package var unsigned: UInt64? {
        switch self {
        case .unsigned(let number): number
        case .integer(let number): UInt64(exactly: number)
        default: nil
        }
    }
    package var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .unsigned(let number): Int64(exactly: number)
        default: nil
        }
    }
    package var elements: [BusValue] {
        switch self {
        case .array(let elements), .structure(let elements): elements
        default: []
        }
    }
    package var texts: [String] { elements.compactMap(\.text) }
}

/// Reads a message from where it stands; the corresponding C functions are named `sd_bus_message_…`.
struct BusMessageReader {
    let message: OpaquePointer

    /// Deeper than D-Bus allows nothing is read.
    private static let maximumDepth = 16

    /// `a{sv}`, of which only the members in `wanted` are read.
    func properties(_ wanted: Set<String>) throws(SystemdError) -> [String: BusValue] {
        var found: [String: BusValue] = [:]
        try check("An answer of systemd's is malformed", sd_bus_message_enter_container(message, Self.array, "{sv}"))
        while try check(
            "An answer of systemd's is malformed", sd_bus_message_enter_container(message, Self.entry, "sv")) > 0
        {
            let name = try text(Self.string)
            if wanted.contains(name) {
                found[name] = try value(depth: 0)
            } else {
                try check("An answer of systemd's is malformed", sd_bus_message_skip(message, "v"))
            }
            sd_bus_message_exit_container(message)
        }
        sd_bus_message_exit_container(message)
        return found
    }

    /// All that is left at this level.
    func values(depth: Int = 0) throws(SystemdError) -> [BusValue] {
        var found: [BusValue] = []
        while sd_bus_message_at_end(message, 0) == 0 { found.append(try value(depth: depth)) }
        return found
    }

    private func value(depth: Int) throws(SystemdError) -> BusValue {
        guard depth <= Self.maximumDepth else { throw SystemdError(.other, "An answer of systemd's is too deep.") }
        var type: CChar = 0
        var contents: UnsafePointer<CChar>?
        try check("An answer of systemd's is malformed", sd_bus_message_peek_type(message, &type, &contents))
        switch type {
        case Self.array, Self.structure, Self.entry, Self.variant:
            try check(
                "An answer of systemd's is malformed", sd_bus_message_enter_container(message, type, contents))
            let inner = try values(depth: depth + 1)
            sd_bus_message_exit_container(message)
            if type == Self.variant { return inner.first ?? .array([]) }
            return type == Self.array ? .array(inner) : .structure(inner)
        default: return try basic(type)
        }
    }

    private func basic(_ type: CChar) throws(SystemdError) -> BusValue {
        switch UInt8(bitPattern: type) {
        case UInt8(ascii: "s"), UInt8(ascii: "o"), UInt8(ascii: "g"): .text(try text(type))
        case UInt8(ascii: "b"): .bool(try number(type, Int32.self) != 0)
        case UInt8(ascii: "y"): .unsigned(UInt64(try number(type, UInt8.self)))
        case UInt8(ascii: "q"): .unsigned(UInt64(try number(type, UInt16.self)))
        case UInt8(ascii: "u"): .unsigned(UInt64(try number(type, UInt32.self)))
        case UInt8(ascii: "t"): .unsigned(try number(type, UInt64.self))
        case UInt8(ascii: "n"): .integer(Int64(try number(type, Int16.self)))
        case UInt8(ascii: "i"): .integer(Int64(try number(type, Int32.self)))
        case UInt8(ascii: "x"): .integer(try number(type, Int64.self))
        case UInt8(ascii: "d"): .double(try number(type, Double.self))
        default: throw SystemdError(.other, "An answer of systemd's has a value of an unknown type.")
        }
    }

    private func number<Number: ExpressibleByIntegerLiteral & BitwiseCopyable>(
        _ type: CChar, _: Number.Type
    ) throws(SystemdError) -> Number {
        var number: Number = 0
        try check("An answer of systemd's is malformed", sd_bus_message_read_basic(message, type, &number))
        return number
    }

    private func text(_ type: CChar) throws(SystemdError) -> String {
        var pointer: UnsafePointer<CChar>?
        try check("An answer of systemd's is malformed", sd_bus_message_read_basic(message, type, &pointer))
        return pointer.map { String(cString: $0) } ?? ""
    }

    private static let array = CChar(bitPattern: UInt8(ascii: "a"))
    private static let structure = CChar(bitPattern: UInt8(ascii: "r"))
    private static let entry = CChar(bitPattern: UInt8(ascii: "e"))
    private static let variant = CChar(bitPattern: UInt8(ascii: "v"))
    private static let string = CChar(bitPattern: UInt8(ascii: "s"))
}
