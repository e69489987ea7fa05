import Glibc

/// How full a file system is; the corresponding C function is `statvfs`.
package struct DiskUsage: Sendable, Hashable {
    package var mount: MountEntry
    package var sizeBytes: Int
    /// What an ordinary user may still write.
    package var freeBytes: Int
    /// As `df` has it: of what an ordinary user may use, rounded up.
    package var usedPercent: Int
    /// `nil` where the file system makes inodes as it needs them.
    package var inodesUsedPercent: Int?
    package var usedInodes: Int

    /// - Parameter root: Where the machine's files are, when that is not `/`.
    package init?(_ mount: MountEntry, root: String = "") {
        var figures = statvfs()
        guard statvfs(root + mount.mountPoint, &figures) == 0, figures.f_blocks > 0 else { return nil }
        let used = figures.f_blocks - min(figures.f_bfree, figures.f_blocks)
        let fragment = Int(clamping: figures.f_frsize)
        self.mount = mount
        sizeBytes = Int(clamping: figures.f_blocks).multipliedReportingOverflow(by: fragment).partialValue
        freeBytes = Int(clamping: figures.f_bavail).multipliedReportingOverflow(by: fragment).partialValue
        usedPercent = Self.percent(used, of: used &+ figures.f_bavail)
        let usedInodes = figures.f_files - min(figures.f_ffree, figures.f_files)
        self.usedInodes = Int(clamping: usedInodes)
        inodesUsedPercent = figures.f_files > 0 ? Self.percent(usedInodes, of: figures.f_files) : nil
    }

    private static func percent(_ part: UInt, of whole: UInt) -> Int {
        whole == 0 ? 0 : Int((Double(part) * 100 / Double(whole)).rounded(.up))
    }
}
