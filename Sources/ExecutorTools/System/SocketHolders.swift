import Glibc

/// Which processes have a socket open.
package struct SocketHolders: Sendable {
    /// The pids by the socket's inode; the lowest first.
    package var pids: [UInt64: [Int32]] = [:]
    /// Processes whose descriptors this user may not see: their sockets have no holder here.
    package var hiddenProcesses = 0
}

extension ProcessTable {
    /// Looks through the processes' descriptors, lowest pid first, until every socket has a holder.
    ///
    /// systemd holds the socket of a service it starts on demand; then the service is looked for as well.
    package func holders(of inodes: Set<UInt64>) -> SocketHolders {
        var holders = SocketHolders()
        var missing = inodes.filter { $0 != 0 }
        for pid in pids() {
            if missing.isEmpty { break }
            guard let found = sockets(of: pid, among: missing) else {
                holders.hiddenProcesses += 1
                continue
            }
            for inode in found {
                holders.pids[inode, default: []].append(pid)
                if pid != 1 { missing.remove(inode) }
            }
        }
        return holders
    }

    /// Those of `inodes` that `pid` has open, or `nil` where its descriptors may not be seen.
    private func sockets(of pid: Int32, among inodes: Set<UInt64>) -> Set<UInt64>? {
        guard let directory = opendir("\(root)/\(pid)/fd") else { return errno == EACCES ? nil : [] }
        defer { closedir(directory) }
        var found: Set<UInt64> = []
        let descriptor = dirfd(directory)
        errno = 0
        while found.count < inodes.count, let entry = readdir(directory) {
            let inode = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { Self.socket(descriptor, $0) }
            }
            if let inode, inodes.contains(inode) { found.insert(inode) }
        }
        // A process of another user's: its directory opens, and its entries do not show.
        return found.isEmpty && errno == EACCES ? nil : found
    }

    /// The inode in `socket:[12345]`.
    private static func socket(_ directory: Int32, _ name: UnsafePointer<CChar>) -> UInt64? {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer -> UInt64? in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlinkat(directory, name, base.assumingMemoryBound(to: CChar.self), buffer.count)
            let prefix = 8  // "socket:["
            guard count > prefix + 1, memcmp(base, "socket:[", prefix) == 0 else { return nil }
            return UInt64(decimal: UnsafeRawBufferPointer(rebasing: buffer[prefix..<(count - 1)]))
        }
    }
}
