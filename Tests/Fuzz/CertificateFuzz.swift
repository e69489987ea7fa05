import ExecutorTools

/// The reader of certificate files: a date of a four-digit year, or a reason, never a crash.
enum CertificateFuzz {
    /// From year 0 to the end of 9999, in seconds since 1970, with the minutes and seconds a day may overflow by.
    private static let years = -62_167_219_200...253_402_387_199

    /// A certificate of nothing but what is read, in DER, and text around it.
    static var seeds: [[UInt8]] {
        let times = element(0x17, Array("260101000000Z".utf8)) + element(0x18, Array("20360101000000Z".utf8))
        let body =
            element(0xA0, [2, 1, 2]) + element(0x02, [1]) + element(0x30, []) + element(0x30, [])
            + element(0x30, times)
        let certificate = element(0x30, element(0x30, body))
        let text = "-----BEGIN CERTIFICATE-----\nMAAwAA==\n-----END CERTIFICATE-----\n"
        return [certificate, Array(text.utf8), [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]]
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag, UInt8(content.count)] + content }

    static func run(_ bytes: [UInt8]) {
        do throws(CertificateDates.Fault) {
            let end = try CertificateDates(bytes).notAfter
            require(years.contains(end), "a certificate ends at \(end)")
        } catch {
            require(!error.text.isEmpty, "no reason")
        }
    }
}
