import ExecutorAPI
import ExecutorTools
import Glibc
import Testing

/// A port that listens, and is not reached by all who want to.
@Suite("check_port: who reaches it")
struct PortReachTests {
    @Test("a socket on a loopback address alone is said to be for this machine's programs")
    func loopback() throws {
        let listener = try Listener()
        let output = CheckPortTool().check(listener.port).output
        #expect(output.contains("Only programs on this machine reach it"), "\(output)")
    }

    @Test("a socket that listens on every address for IPv6 alone is told from one that takes both", arguments: [0, 1])
    func version6(_ only: Int32) throws {
        let listener = try EveryAddress(isVersion6Only: only)
        let output = CheckPortTool().check(listener.port).output
        #expect(output.contains("on ::") && !output.contains("Only programs on this machine"), "\(output)")
        #expect(output.contains("By IPv4 nobody reaches it") == (only == 1), "\(output)")
    }
}

/// A socket of version 6 that listens on `::`; ipv6(7), `IPV6_V6ONLY`.
private final class EveryAddress {
    private let descriptor: Int32
    let port: UInt16

    init(isVersion6Only only: Int32) throws {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        var only = only
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, socklen_t(MemoryLayout<Int32>.size))
        // Without a bind(2) the kernel takes every address, and a port that is free.
        guard descriptor >= 0, listen(descriptor, 8) == 0 else { throw SetUpFailed(call: "listen", code: errno) }
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, .init(__sockaddr__: $0), &size)
            }
        }
        (self.descriptor, port) = (descriptor, UInt16(bigEndian: address.sin6_port))
    }

    deinit { close(descriptor) }
}
