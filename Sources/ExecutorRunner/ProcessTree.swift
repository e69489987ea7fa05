import Glibc

/// The descendants of one child, found in `/proc`: those in its session and process group, those whose parents
/// lead to it, and those that lost their parents and bear the mark of its run.
struct ProcessTree {
    let leader: pid_t
    let mark: CallMark

    /// Sends a signal to all of them, again and again until none is new: forks racing the walk are met by the next.
    func signal(_ number: Int32) {
        var seen: Set<pid_t> = []
        for _ in 0..<8 {
            let fresh = members().subtracting(seen)
            if fresh.isEmpty { break }
            // The group at once, while it has members: its number cannot have become another's.
            if number == SIGKILL { kill(-leader, SIGKILL) }
            for pid in fresh { kill(pid, number) }
            // After SIGTERM a process may go on: once each is enough.
            seen.formUnion(fresh)
        }
    }

    var isEmpty: Bool { members().subtracting([leader]).isEmpty }

    private struct Entry {
        var parent: pid_t
        var group: pid_t
        var session: pid_t
        var isZombie: Bool
    }

    func members() -> Set<pid_t> {
        let entries = Self.entries()
        let own = getpid()
        var found: Set<pid_t> = []
        for (pid, entry) in entries where !entry.isZombie {
            let isNear = entry.session == leader || entry.group == leader
            if isNear || (entry.parent == own && mark.isOn(pid)) { found.insert(pid) }
        }
        if entries[leader]?.isZombie == false { found.insert(leader) }
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for (pid, entry) in entries where !entry.isZombie && !found.contains(pid) {
                if entry.parent == leader || found.contains(entry.parent) {
                    found.insert(pid)
                    isGrowing = true
                }
            }
        }
        return found.subtracting([own])
    }

    private static func entries() -> [pid_t: Entry] {
        guard let stream = opendir("/proc") else { return [:] }
        defer { closedir(stream) }
        var entries: [pid_t: Entry] = [:]
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let pid = pid_t(name), let entry = entry(pid) { entries[pid] = entry }
        }
        return entries
    }

    /// `pid (name) state ppid pgrp session …`, proc(5); the last parenthesis ends the name.
    private static func entry(_ pid: pid_t) -> Entry? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        let text = bytes.prefix(max(0, count))
        guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 4)
        guard fields.count == 5, let state = fields[0].first else { return nil }
        let numbers = fields[1...3].map { pid_t(String(decoding: $0, as: UTF8.self)) ?? 0 }
        return Entry(
            parent: numbers[0], group: numbers[1], session: numbers[2], isZombie: state == UInt8(ascii: "Z"))
    }
}
