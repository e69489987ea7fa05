import Glibc

/// Real journal files, made by systemd's own `systemd-journal-remote` from entries in the journal export format.
package enum JournalFiles {
    package struct Entry: Sendable {
        /// In microseconds since 1970.
        package var time: UInt64
        /// One hexadecimal digit, which its boot's id is made of.
        package var boot: Character
        package var fields: [(String, String)]

        package init(time: UInt64, boot: Character = "f", fields: [(String, String)]) {
            (self.time, self.boot, self.fields) = (time, boot, fields)
        }

        /// What a unit itself wrote.
        package init(
            time: UInt64, boot: Character = "f", unit: String, _ message: String, priority: Int = 6,
            more: [(String, String)] = []
        ) {
            let own = [
                ("MESSAGE", message), ("PRIORITY", String(priority)), ("_SYSTEMD_UNIT", unit), ("_PID", "77"),
                ("SYSLOG_IDENTIFIER", "app"),
            ]
            self.init(time: time, boot: boot, fields: own + more)
        }

        /// A field is NAME, newline, the length of its value in 8 bytes, the value (systemd's "Journal Export Formats").
        fileprivate var exported: [UInt8] {
            var bytes = Array("__REALTIME_TIMESTAMP=\(time)\n__MONOTONIC_TIMESTAMP=\(time % 1_000_000_000_000)\n".utf8)
            bytes += Array("_BOOT_ID=\(String(repeating: boot, count: 32))\n".utf8)
            for (name, value) in fields {
                bytes += Array(name.utf8) + [0x0A]
                bytes += withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { Array($0) }
                bytes += Array(value.utf8) + [0x0A]
            }
            return bytes + [0x0A]
        }
    }

    package struct Failed: Error {
        package let what: String
    }

    private static let tool = "/lib/systemd/systemd-journal-remote"
    package static var canBeMade: Bool { access(tool, X_OK) == 0 }

    /// Writes a journal; a large one becomes several files beside `file`.
    package static func write(_ entries: some Sequence<Entry>, to file: String) throws {
        let export = file + ".export"
        guard let stream = fopen(export, "w") else { throw Failed(what: "\(export) cannot be written") }
        for entry in entries {
            let bytes = entry.exported
            fwrite(bytes, 1, bytes.count, stream)
        }
        fclose(stream)
        defer { unlink(export) }
        try run([tool, "-o", file, export])
    }

    private static func run(_ arguments: [String]) throws {
        var pid: pid_t = 0
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        guard posix_spawn(&pid, arguments[0], nil, nil, &pointers, environ) == 0 else {
            throw Failed(what: "\(arguments[0]) does not start")
        }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        guard status == 0 else { throw Failed(what: "\(arguments[0]) ended with \(status)") }
    }
}
