import CSystemd
import Glibc

/// The sockets systemd opened for this process and hands over (`LISTEN_FDS`).
package struct ActivatedSockets: Sendable {
    package struct Socket: Sendable, Hashable {
        package let descriptor: Int32
        /// `FileDescriptorName=` of the socket unit.
        package let name: String
    }

    package let sockets: [Socket]

    /// Takes them over: they are marked close-on-exec, and the variables removed so that no child takes them for its own.
    ///
    /// The corresponding C function is `sd_listen_fds_with_names`.
    package init() throws(SystemdError) {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = try check("The sockets of LISTEN_FDS cannot be taken", sd_listen_fds_with_names(1, &names))
        defer { free(names) }
        sockets = (0..<Int(count)).map { index in
            let raw = names?[index]
            defer { free(raw) }
            // SD_LISTEN_FDS_START is 3.
            return Socket(descriptor: 3 + Int32(index), name: raw.map { String(cString: $0) } ?? "unknown")
        }
    }

    /// The listening Unix stream socket of that name.
    ///
    /// The corresponding C function is `sd_is_socket`.
    package func unixListener(named name: String) -> Int32? {
        sockets.first { $0.name == name && sd_is_socket($0.descriptor, AF_UNIX, Int32(SOCK_STREAM.rawValue), 1) > 0 }?
            .descriptor
    }
}
