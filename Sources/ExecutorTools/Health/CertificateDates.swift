import Glibc

/// When the certificates of a file are valid; nothing else of them is read, and nothing is verified.
package struct CertificateDates: Sendable, Hashable {
    /// Seconds since 1970; of several certificates, of the one that ends first.
    package let notAfter: Int

    /// Why a file has no dates.
    package struct Fault: Error, Sendable, Hashable {
        package let text: String
    }

    /// More of one file are not read.
    static let maximumCertificates = 32
    static let maximumBytes = 256 << 10

    /// - Parameter bytes: PEM (RFC 7468), of which only `CERTIFICATE` blocks count, or one certificate in DER.
    package init(_ bytes: [UInt8]) throws(Fault) {
        let blocks = bytes.first == 0x30 ? [bytes] : PEM.certificates(in: bytes)
        guard !blocks.isEmpty else { throw Fault(text: "it holds no certificate") }
        var first: Int?
        for block in blocks.prefix(Self.maximumCertificates) {
            guard let end = Self.notAfter(of: block) else { throw Fault(text: "its certificate is malformed") }
            first = min(first ?? end, end)
        }
        notAfter = first ?? 0
    }

    /// The second time of `Validity` (RFC 5280, section 4.1).
    private static func notAfter(of certificate: [UInt8]) -> Int? {
        var outer = DERReader(certificate[...])
        guard var signed = outer.enter(0x30), var body = signed.enter(0x30) else { return nil }
        body.skip(0xA0)  // version
        // serial number, signature algorithm, issuer
        guard body.skip(0x02), body.skip(0x30), body.skip(0x30), var validity = body.enter(0x30) else { return nil }
        guard validity.time() != nil else { return nil }
        return validity.time()
    }
}

/// Reads DER (X.690) element by element; a length that does not fit ends it.
struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The content of the next element, where it has this tag.
    mutating func element(_ tag: UInt8) -> ArraySlice<UInt8>? {
        guard rest.first == tag else { return nil }
        var bytes = rest.dropFirst()
        guard let head = bytes.popFirst() else { return nil }
        var length = Int(head)
        if head >= 0x80 {
            let count = Int(head & 0x7F)
            guard (1...4).contains(count), bytes.count >= count else { return nil }
            length = bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(count)
        }
        guard bytes.count >= length else { return nil }
        rest = bytes.dropFirst(length)
        return bytes.prefix(length)
    }

    mutating func enter(_ tag: UInt8) -> DERReader? { element(tag).map { DERReader($0) } }

    @discardableResult
    mutating func skip(_ tag: UInt8) -> Bool { element(tag) != nil }

    /// `UTCTime` (YYMMDDHHMMSSZ) or `GeneralizedTime` (YYYYMMDDHHMMSSZ), in seconds since 1970.
    mutating func time() -> Int? {
        if let short = element(0x17) {
            guard short.count == 13, Self.isNumber(short.prefix(2)), let year = Int(decimal: short.prefix(2)) else {
                return nil
            }
            return Self.seconds(year: year < 50 ? 2000 + year : 1900 + year, short.dropFirst(2))
        }
        guard let long = element(0x18), long.count == 15, Self.isNumber(long.prefix(4)),
            let year = Int(decimal: long.prefix(4))
        else { return nil }
        return Self.seconds(year: year, long.dropFirst(4))
    }

    /// Digits alone: no sign.
    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool { text.allSatisfy { (0x30...0x39).contains($0) } }

    /// - Parameter digits: `MMDDHHMMSSZ`.
    private static func seconds(year: Int, _ digits: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(digits)
        guard bytes.count == 11, bytes[10] == UInt8(ascii: "Z"), isNumber(bytes.dropLast()) else { return nil }
        let fields = stride(from: 0, to: 10, by: 2).compactMap { Int(decimal: bytes[$0..<$0 + 2]) }
        guard fields.count == 5, (1...12).contains(fields[0]), (1...31).contains(fields[1]), fields[2] < 24 else {
            return nil
        }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (Int32(year - 1900), Int32(fields[0] - 1), Int32(fields[1]))
        (time.tm_hour, time.tm_min, time.tm_sec) = (Int32(fields[2]), Int32(fields[3]), Int32(fields[4]))
        return timegm(&time)
    }
}

/// The text form of certificates; RFC 7468.
enum PEM {
    static func certificates(in bytes: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var body: [UInt8]?
        for line in bytes.lines() {
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if text.elementsEqual("-----BEGIN CERTIFICATE-----".utf8) {
                body = []
            } else if text.elementsEqual("-----END CERTIFICATE-----".utf8) {
                if let body { found.append(base64(body)) }
                body = nil
            } else {
                body?.append(contentsOf: text)
            }
            if found.count == CertificateDates.maximumCertificates { break }
        }
        return found
    }

    /// What is no digit of base64 is passed over.
    private static func base64(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var (value, bits) = (UInt32(0), 0)
        for character in text {
            guard let digit = digit(character) else { continue }
            value = (value << 6 | UInt32(digit)) & 0xFFFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(bits)))
            }
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
