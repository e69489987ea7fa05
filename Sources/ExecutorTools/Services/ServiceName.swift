import ExecutorAPI
import ExecutorPolicy

/// The name of a service, as a person says it and as systemd completes it.
struct ServiceName: Sendable, Hashable {
    /// Such as `nginx`.
    let short: String
    /// Such as `nginx.service`; of another kind where the name says so, such as `apt-daily.timer`.
    let unit: String

    init(_ text: String) throws(Refusal) {
        guard let name = UnitName(text) else {
            throw Refusal.badArgument(
                "service", "is no name of a service", "a name such as nginx, php8.2-fpm or apt-daily.timer")
        }
        unit = name.text
        short = unit.hasSuffix(".service") ? String(unit.dropLast(8)) : unit
    }

    /// The program of an instance such as `postgresql@15-main` is before the `@`.
    var program: String { short.split(separator: "@").first.map(String.init) ?? short }

    /// Whether it is a template such as `getty@.service`, of which only the instances run.
    var isTemplate: Bool { unit.split(separator: ".").dropLast().last?.hasSuffix("@") == true }

    /// `getty@` and `.service`.
    var templateParts: (prefix: String, suffix: String) {
        let at = unit.lastIndex(of: "@") ?? unit.startIndex
        return (String(unit[...at]), String(unit[unit.index(after: at)...]))
    }

    static let argument = Argument<String>.text(
        "service", "The service's name, such as nginx or nginx.service.", maximumBytes: 255)
}
