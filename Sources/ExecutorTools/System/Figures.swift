/// Numbers as a person reads them.
package enum Figures {
    /// `512 B`, `3.4 MiB`, `120 GiB`.
    package static func bytes(_ count: Int) -> String {
        var value = Double(max(count, 0))
        var unit = 0
        while value >= 1023.95, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(unit == 0 || value >= 99.95 ? "\(Int(value.rounded()))" : decimal(value)) \(units[unit])"
    }

    /// With one digit after the point, as in `1.5`.
    package static func decimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0.0" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    /// `43%`.
    package static func percent(_ value: Double) -> String { value.isFinite ? "\(Int(value.rounded()))%" : "0%" }

    private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
}
