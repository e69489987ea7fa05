import Glibc

/// An IPv4 or IPv6 address.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, in the order they are written and sent.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package static let loopback4 = SocketAddress([127, 0, 0, 1])
    package static let loopback6 = SocketAddress([UInt8](repeating: 0, count: 15) + [1])

    /// As `/proc/net/tcp` writes it: 32-bit words in the machine's own byte order, each in hexadecimal.
    init?(kernelHexadecimal digits: some BidirectionalCollection<UInt8>) {
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var rest = digits[...]
        while !rest.isEmpty {
            guard let word = UInt32(hexadecimal: rest.prefix(8)) else { return nil }
            withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
            rest = rest.dropFirst(8)
        }
        self.bytes = bytes
    }

    package var isVersion6: Bool { bytes.count == 16 }
    /// `0.0.0.0` or `::`: every address of the machine.
    package var isAny: Bool { bytes.allSatisfy { $0 == 0 } }

    package var isLoopback: Bool { isVersion6 ? self == .loopback6 : bytes.first == 127 }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(isVersion6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// With a port, as it stands in an address: `127.0.0.1:80`, `[::1]:80`.
    package func with(port: UInt16) -> String { isVersion6 ? "[\(self)]:\(port)" : "\(self):\(port)" }
}
