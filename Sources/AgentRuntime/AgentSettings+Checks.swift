import Monitoring

// What is checked by itself: CHECK_INTERVAL, CHECK_SERVICES, QUIET_HOURS, DAILY_REPORT_AT, ALERT_CHAT_IDS.
extension SettingsReader {
    /// Services looked at in one check: each is a call the executor records.
    static let maximumServices = 50
    static let maximumChats = 20
    static let off = "off"

    mutating func checks(standardChats: Set<Int64>) -> CheckPlan {
        CheckPlan(
            interval: checkInterval(), services: services("CHECK_SERVICES"), quietHours: quietHours("QUIET_HOURS"),
            reportAt: reportTime("DAILY_REPORT_AT"), chatIDs: chatIDs("ALERT_CHAT_IDS") ?? standardChats.sorted())
    }

    private mutating func checkInterval() -> Duration? {
        guard text("CHECK_INTERVAL") != Self.off else { return nil }
        let seconds = integer("CHECK_INTERVAL", default: 300, in: 0...86_400)
        guard seconds == 0 || seconds >= 5 else {
            problems.append("CHECK_INTERVAL is at least 5 seconds; 0 or off is for no checks.")
            return nil
        }
        return seconds == 0 ? nil : .seconds(seconds)
    }

    private mutating func services(_ name: String) -> [String] {
        let names = list(name).map { $0.hasSuffix(".service") ? String($0.dropLast(8)) : $0 }
        let isGood = names.allSatisfy { service in
            service.utf8.count <= 128 && service.first != "-"
                && service.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._@:-\\".contains($0)) }
        }
        if !isGood || names.count > Self.maximumServices {
            problems.append(
                "\(name) is at most \(Self.maximumServices) names of services with commas between, "
                    + "such as nginx,postgresql@15-main.")
        }
        return names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private mutating func quietHours(_ name: String) -> QuietHours? {
        guard let text = text(name), text != Self.off else { return nil }
        guard let hours = QuietHours(text) else {
            problems.append("\(name) is two different times of day, such as 23:00-07:00, or off; not \"\(text)\".")
            return nil
        }
        return hours
    }

    private mutating func reportTime(_ name: String) -> TimeOfDay? {
        let text = text(name) ?? "09:00"
        guard text != Self.off else { return nil }
        guard let time = TimeOfDay(text) else {
            problems.append("\(name) is a time of day, such as 09:00, or off; not \"\(text)\".")
            return nil
        }
        return time
    }

    /// A group's id is below zero. `nil` where none is named.
    private mutating func chatIDs(_ name: String) -> [Int64]? {
        let parts = list(name)
        guard !parts.isEmpty else { return nil }
        let ids = parts.compactMap { Int64($0) }.filter { $0 != 0 }
        if ids.count != parts.count || ids.count > Self.maximumChats {
            problems.append(
                "\(name) is at most \(Self.maximumChats) ids of chats with commas between, "
                    + "such as 123456789,-1001234567890.")
        }
        return ids.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func list(_ name: String) -> [String] {
        (text(name) ?? "").split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    }
}
