/// An IPv4 or IPv6 address, and what kind it is (IANA special-purpose registries; RFC 6890).
package struct InternetAddress: Sendable, Hashable {
    package enum Scope: Sendable, Hashable {
        case loopback
        case privateRange
        case global
        /// Link-local, multicast, unspecified, broadcast, and the clouds' metadata services: never connected to.
        case forbidden
    }

    /// 4 or 16.
    package let bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Dotted decimal of four parts without leading zeros, or IPv6 text (RFC 4291, section 2.2, without a zone).
    package init?(_ text: String) {
        if let four = Self.dotted(text[...]) {
            bytes = four
        } else if let sixteen = Self.colons(text) {
            bytes = sixteen
        } else {
            return nil
        }
    }

    package var scope: Scope {
        if let inner = embeddedIPv4 { return Self.scope4(inner) }
        return bytes.count == 4 ? Self.scope4(bytes) : Self.scope6(bytes)
    }

    private static func scope4(_ b: [UInt8]) -> Scope {
        switch (b[0], b[1]) {
        case (127, _): .loopback
        case (0, _), (169, 254), (224..., _): .forbidden
        // Alibaba's metadata service (the rest of 100.64.0.0/10 is shared address space), Azure's, and Oracle's old one.
        case (100, 100) where b[2] == 100 && b[3] == 200: .forbidden
        case (168, 63) where b[2] == 129 && b[3] == 16: .forbidden
        case (192, 0) where b[2] == 0: .forbidden
        case (10, _), (172, 16...31), (192, 168), (100, 64...127), (198, 18...19): .privateRange
        default: .global
        }
    }

    private static func scope6(_ b: [UInt8]) -> Scope {
        if b.dropLast().allSatisfy({ $0 == 0 }) { return b[15] == 1 ? .loopback : .forbidden }
        // fe80::/10 link-local, fec0::/10 the old site-local, ff00::/8 multicast.
        if b[0] == 0xFF || (b[0] == 0xFE && b[1] & 0x80 != 0) { return .forbidden }
        // Teredo (2001::/32) and local NAT64 (64:ff9b:1::/48) hide an IPv4 address.
        if b[..<4] == [0x20, 0x01, 0, 0] || b[..<6] == [0, 0x64, 0xFF, 0x9B, 0, 1] { return .forbidden }
        // The clouds' metadata services: Amazon's fd00:ec2::/32, Oracle's fd00:c1::/32, Google's fd20:ce::/32.
        if [[0xFD, 0, 0x0E, 0xC2], [0xFD, 0, 0, 0xC1], [0xFD, 0x20, 0, 0xCE]].contains(Array(b[..<4])) {
            return .forbidden
        }
        return b[0] & 0xFE == 0xFC ? .privateRange : .global
    }

    /// `::ffff:a.b.c.d`, `::ffff:0:a.b.c.d`, `::a.b.c.d`, `64:ff9b::a.b.c.d`, 6to4 and ISATAP lead to an IPv4 address.
    private var embeddedIPv4: [UInt8]? {
        guard bytes.count == 16 else { return nil }
        let head = Array(bytes[..<12])
        let zeros = [UInt8](repeating: 0, count: 10)
        if head == zeros + [0xFF, 0xFF] { return Array(bytes[12...]) }
        if head == zeros.dropLast(2) + [0xFF, 0xFF, 0, 0] { return Array(bytes[12...]) }
        if head[9...] == [0, 0x5E, 0xFE], head[8] & ~2 == 0 { return Array(bytes[12...]) }
        if head == zeros + [0, 0], bytes[12] != 0 { return Array(bytes[12...]) }
        if head == [0, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8) { return Array(bytes[12...]) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return Array(bytes[2..<6]) }
        return nil
    }

    private static func dotted(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let numbers = parts.compactMap { part -> UInt8? in
            // A leading zero is octal to some and decimal to others: neither is taken.
            guard part.utf8.allSatisfy(ASCII.isDigit), part.count == 1 || part.first != "0" else { return nil }
            return UInt8(part)
        }
        return numbers.count == 4 ? numbers : nil
    }

    private static func colons(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, text.contains(":") else { return nil }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        guard halves.count == 2 else {
            return groups(text[...], isLast: true, mayBeEmpty: false).flatMap { $0.count == 16 ? $0 : nil }
        }
        guard let head = groups(halves[0], isLast: false, mayBeEmpty: true),
            let tail = groups(halves[1], isLast: true, mayBeEmpty: true), head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// - Parameter isLast: Whether nothing follows in the address: its last four bytes may be dotted.
    private static func groups(_ text: Substring, isLast: Bool, mayBeEmpty: Bool) -> [UInt8]? {
        if text.isEmpty { return mayBeEmpty ? [] : nil }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, let four = dotted(part) {
                bytes += four
            } else {
                // Digits alone: a sign would make an option of an address (`-0::1`).
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isHexDigit),
                    let value = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        return bytes
    }
}
