/// A DNS name as programs take it (RFC 1123, section 2.1).
enum HostName {
    static func isValid(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(text.utf8.count), labels.allSatisfy(isLabel), let last = labels.last else {
            return false
        }
        // A name whose last label is a number is an address in one of its odd spellings (127.1, 0x7f.1, 2130706433).
        let isNumeric = last.utf8.allSatisfy(ASCII.isDigit) || last.hasPrefix("0x") || last.hasPrefix("0X")
        return !isNumeric
    }

    /// Names that stand for what may not be reached: the clouds' metadata services, and the zones whose names say
    /// which address they resolve to, today this one and tomorrow another.
    static func isForbidden(_ text: String) -> Bool {
        let name = ASCII.lowercased(text)
        return metadataServices.contains(name) || isWithin(name, zones: rebindingZones)
    }

    /// Whether a name is one of the zones or lies beneath one.
    static func isWithin(_ name: String, zones: [String]) -> Bool {
        zones.contains { name == $0 || name.hasSuffix("." + $0) }
    }

    private static let metadataServices: Set<String> = [
        "instance-data", "instance-data.ec2.internal", "metadata", "metadata.exoscale.com", "metadata.goog",
        "metadata.google.internal", "metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com",
        "api.metadata.cloud.ibm.com",
    ]
    private static let rebindingZones = [
        "1u.ms", "42.pl", "ip6.name", "lacolhost.com", "localtest.me", "lvh.me", "nip.io", "rbndr.us", "sslip.io",
        "vcap.me", "xip.io", "yoogle.com",
    ]

    private static func isLabel(_ label: Substring) -> Bool {
        let bytes = label.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        let hyphen = UInt8(ascii: "-")
        return first != hyphen && last != hyphen
            && bytes.allSatisfy { ASCII.isAlphanumeric($0) || $0 == hyphen || $0 == UInt8(ascii: "_") }
    }
}
