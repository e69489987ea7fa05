import Testing

@testable import ExecutorRunner

/// What is kept of an output that is longer than it may be.
@Suite("The head and the tail of an output")
struct OutputBufferTests {
    @Test(
        "an output within its limit is whole, and of a longer one the two halves of the limit are kept",
        arguments: [(0, false), (99, false), (100, false), (101, true), (5_000, true), (100_000, true)])
    func limit(_ count: Int, _ isCut: Bool) {
        // Each byte tells where it stood; in pieces as they come through a pipe.
        let bytes = (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        var buffer = OutputBuffer(limit: 100)
        for start in stride(from: 0, to: count, by: 77) { buffer.append(Array(bytes[start..<min(start + 77, count)])) }
        #expect(buffer.total == count)
        let whole = String(decoding: bytes, as: UTF8.self)
        let expected = isCut ? "\(whole.prefix(50))\n… \(count - 100) bytes left out …\n\(whole.suffix(50))" : whole
        #expect(buffer.text() == expected)
    }
}
