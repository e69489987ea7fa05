/// The local ports the kernel gives to outgoing connections; ip(7), `ip_local_port_range`.
enum EphemeralPorts {
    /// Fewer sockets than this part of the range cannot use up its ports, and are not counted one by one.
    private static let leastPart = 0.5

    /// How many are in use, and how many there are; `nil` where there are few sockets, or the kernel does not tell.
    static func used(proc root: String) -> (used: Int, size: Int)? {
        guard let text = SystemFile.read("\(root)/sys/net/ipv4/ip_local_port_range", limit: 64) else { return nil }
        let ends = text.fields().compactMap { UInt16(decimal: $0) }
        guard ends.count == 2, ends[0] <= ends[1] else { return nil }
        let size = Int(ends[1] - ends[0]) + 1
        guard Double(sockets(root)) >= Double(size) * leastPart else { return nil }
        return PortTable(root: root).usedPorts(in: ends[0]...ends[1]).map { ($0, size) }
    }

    /// TCP sockets of both versions: in use, and waiting out their time.
    private static func sockets(_ root: String) -> Int {
        var count = 0
        for (file, keys) in [("sockstat", ["inuse", "tw"]), ("sockstat6", ["inuse"])] {
            let lines = (SystemFile.read("\(root)/net/\(file)", limit: 4096) ?? []).lines()
            guard let line = lines.first(where: { $0.starts(with: "TCP".utf8) }) else { continue }
            let fields = line.fields()
            for (key, value) in zip(fields.dropFirst(), fields.dropFirst(2)) where keys.contains(key.text) {
                count += Int(decimal: value) ?? 0
            }
        }
        return count
    }
}
