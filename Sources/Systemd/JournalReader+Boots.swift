import CSystemd

extension JournalReader {
    /// The kernel's own for this machine's journal; for files from elsewhere their newest.
    func bootID(_ boot: JournalQuery.Boot) throws(SystemdError) -> String {
        var current: String?
        if directory == nil {
            var id = sd_id128_t()
            try check("The boot cannot be told", sd_id128_get_boot(&id))
            current = Self.hexadecimal(id)
        }
        let wanted = try JournalReader(directory: directory).boot(boot, current: current)
        guard let wanted else {
            throw SystemdError(
                .other,
                boot == .previous ? "The journal has no entries of an earlier boot." : "The journal has no entries.")
        }
        return wanted
    }

    private func boot(_ boot: JournalQuery.Boot, current: String?) throws(SystemdError) -> String? {
        var current = current
        if current == nil { current = try newestBoot() }
        guard boot == .previous, let current else { return current }
        try check("The journal cannot be read", sd_journal_seek_head(journal))
        try match("_BOOT_ID", current)
        guard sd_journal_next(journal) > 0, let first = time else { return try newestBoot(other: current) }
        sd_journal_flush_matches(journal)
        sd_journal_seek_realtime_usec(journal, first)
        return previousBoot(other: current)
    }

    private func newestBoot(other: String? = nil) throws(SystemdError) -> String? {
        sd_journal_flush_matches(journal)
        try check("The journal cannot be read", sd_journal_seek_tail(journal))
        return previousBoot(other: other)
    }

    /// The boot of the nearest entry backwards that is not `other`.
    private func previousBoot(other: String?) -> String? {
        for _ in 0..<Self.scanLimit where sd_journal_previous(journal) > 0 {
            if let boot = field("_BOOT_ID"), boot != other { return boot }
        }
        return nil
    }

    private static func hexadecimal(_ id: sd_id128_t) -> String {
        withUnsafeBytes(of: id) { bytes in
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
