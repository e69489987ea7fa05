import Glibc

/// Times as a person reads them, in the machine's own time zone.
enum ClockText {
    /// `2026-11-24 12:30:05`
    static func moment(_ microseconds: UInt64) -> String {
        let time = broken(microseconds)
        return "\(time.tm_year + 1900)-\(two(time.tm_mon + 1))-\(two(time.tm_mday)) \(clock(time))"
    }

    /// `12:30:05` today, with the date otherwise.
    static func short(_ microseconds: UInt64) -> String {
        let (time, today) = (broken(microseconds), broken(now))
        let isToday = time.tm_yday == today.tm_yday && time.tm_year == today.tm_year
        return isToday ? clock(time) : moment(microseconds)
    }

    /// `3 s`, `5 min`, `2 h 10 min`, `4 d`.
    static func since(_ microseconds: UInt64) -> String {
        span(Int(elapsed(since: microseconds) / 1_000_000))
    }

    /// In microseconds; none since a time to come, as there is one after the clock was set back.
    static func elapsed(since microseconds: UInt64) -> UInt64 {
        // Read once: a second look at the clock would be later than the first.
        let present = now
        return present - min(microseconds, present)
    }

    /// The same for a time to come.
    static func until(_ microseconds: UInt64) -> String {
        let present = now
        return span(Int((max(microseconds, present) - present) / 1_000_000))
    }

    private static func span(_ seconds: Int) -> String {
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: return "\(seconds / 86400) d"
        }
    }

    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec / 1000)
    }

    private static func broken(_ microseconds: UInt64) -> tm {
        var seconds = time_t(clamping: microseconds / 1_000_000)
        var time = tm()
        localtime_r(&seconds, &time)
        return time
    }

    private static func clock(_ time: tm) -> String { "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))" }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
