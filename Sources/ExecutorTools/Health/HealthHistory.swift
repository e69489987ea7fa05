import Synchronization

/// What the last look at the machine found, to say what changed since.
///
/// Processor time is a sum since a process's start: only two looks tell who is busy now.
package final class HealthHistory: Sendable {
    private struct Look {
        var time: ContinuousClock.Instant
        /// Ticks by pid and start.
        var ticks: [ProcessIdentity: Int]
        /// Free bytes by mount point.
        var free: [String: Int]
        /// Used inodes by mount point.
        var inodes: [String: Int]
        var oomKills: Int
    }

    private struct ProcessIdentity: Hashable {
        var pid: Int32
        var startTicks: Int
    }

    /// What changed between two looks.
    package struct Change: Sendable {
        /// Percent of one core, by pid.
        package var processor: [Int32: Double]
        /// How many bytes less are free, by mount point, where it is worth a word.
        package var growth: [String: Int]
        /// How many inodes more are used, by mount point, where it is worth a word.
        package var inodeGrowth: [String: Int]
        /// Processes the kernel killed for lack of memory.
        package var oomKills: Int
        /// Since when; `nil` at the first look, when ``processor`` is the mean since each process's start.
        package var since: Duration?
    }

    /// A look this short after the last says little about processor time.
    private static let shortest = Duration.milliseconds(200)
    /// Less than this is not called growth.
    private static let leastGrowth = 1 << 20
    private static let leastInodes = 1000

    private let last = Mutex<Look?>(nil)

    package init() {}

    package func compare(_ figures: HealthFigures) -> Change {
        let now = ContinuousClock.now
        let look = Look(
            time: now,
            ticks: Dictionary(
                figures.processes.map {
                    (ProcessIdentity(pid: $0.pid, startTicks: $0.startTicks), $0.cpuTicks)
                }
            ) { first, _ in first },
            free: Dictionary(figures.disks.map { ($0.mount.mountPoint, $0.freeBytes) }) { first, _ in first },
            inodes: Dictionary(figures.disks.map { ($0.mount.mountPoint, $0.usedInodes) }) { first, _ in first },
            oomKills: figures.oomKills ?? 0)
        let earlier = last.withLock { last -> Look? in
            guard let earlier = last else {
                last = look
                return nil
            }
            if now - earlier.time >= Self.shortest { last = look }
            return earlier
        }
        guard let earlier, now - earlier.time >= Self.shortest else { return firstLook(figures, look) }
        return change(from: earlier, to: look)
    }

    private func change(from earlier: Look, to look: Look) -> Change {
        let elapsed = look.time - earlier.time
        let ticks = elapsed / .seconds(1) * ProcessTable.ticksPerSecond
        var processor: [Int32: Double] = [:]
        for (identity, spent) in look.ticks {
            processor[identity.pid] = Double(max(spent - (earlier.ticks[identity] ?? 0), 0)) * 100 / ticks
        }
        var growth: [String: Int] = [:]
        for (mountPoint, free) in look.free {
            guard let before = earlier.free[mountPoint], before - free >= Self.leastGrowth else { continue }
            growth[mountPoint] = before - free
        }
        var inodeGrowth: [String: Int] = [:]
        for (mountPoint, used) in look.inodes {
            guard let before = earlier.inodes[mountPoint], used - before >= Self.leastInodes else { continue }
            inodeGrowth[mountPoint] = used - before
        }
        return Change(
            processor: processor, growth: growth, inodeGrowth: inodeGrowth,
            oomKills: max(look.oomKills - earlier.oomKills, 0), since: elapsed)
    }

    private func firstLook(_ figures: HealthFigures, _ look: Look) -> Change {
        let uptimeTicks = figures.uptime / .seconds(1) * ProcessTable.ticksPerSecond
        var processor: [Int32: Double] = [:]
        for (identity, spent) in look.ticks {
            processor[identity.pid] = Double(spent) * 100 / max(uptimeTicks - Double(identity.startTicks), 1)
        }
        return Change(processor: processor, growth: [:], inodeGrowth: [:], oomKills: 0, since: nil)
    }
}
