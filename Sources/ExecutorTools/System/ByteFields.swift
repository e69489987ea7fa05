// The kernel's text files are columns between blanks; these few lines read them without making strings.

extension Collection<UInt8> {
    /// The parts between spaces and tabs, at most `limit` of them.
    package func fields(limit: Int = .max) -> [SubSequence] {
        var fields: [SubSequence] = []
        var index = startIndex
        while index != endIndex, fields.count < limit {
            guard let start = self[index...].firstIndex(where: { !$0.isBlank }) else { break }
            let end = self[start...].firstIndex(where: \.isBlank) ?? endIndex
            fields.append(self[start..<end])
            index = end
        }
        return fields
    }

    /// The parts between newlines; an empty last one is left out.
    package func lines() -> [SubSequence] {
        split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    }

    package var text: String { String(decoding: self, as: UTF8.self) }

    /// The number after `key`, as in `/proc/meminfo` and `/proc/vmstat`; a colon after the key counts as its own.
    package func number(after key: String) -> Int? {
        for line in lines() {
            let fields = line.fields(limit: 2)
            guard fields.count == 2, fields[0].elementsEqual(key.utf8) || fields[0].elementsEqual("\(key):".utf8)
            else { continue }
            return Int(decimal: fields[1])
        }
        return nil
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0A }
}

extension FixedWidthInteger {
    /// The decimal number these bytes are, with nothing else beside it.
    package init?(decimal bytes: some Collection<UInt8>) {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = isNegative ? bytes.dropFirst() : bytes.dropFirst(0)
        guard !digits.isEmpty, !isNegative || Self.isSigned else { return nil }
        var value: Self = 0
        for byte in digits {
            guard let digit = Self(exactly: Int(byte) - 48), (0...9).contains(digit) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !more else { return nil }
            value = sum
        }
        self = value
    }

    /// The hexadecimal number these bytes are, with nothing else beside it.
    package init?(hexadecimal bytes: some Collection<UInt8>) {
        guard !bytes.isEmpty, bytes.count <= Self.bitWidth / 4 else { return nil }
        var value: Self = 0
        for byte in bytes {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | Self(digit)
        }
        self = value
    }
}
