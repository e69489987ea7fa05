/// The head and the tail of what a child printed; what lies between is counted.
struct OutputBuffer {
    private let headLimit: Int
    private let tailLimit: Int
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    private(set) var total = 0

    init(limit: Int) { (headLimit, tailLimit) = (limit / 2, limit - limit / 2) }

    var isCut: Bool { total > head.count + tail.count }

    mutating func append(_ bytes: [UInt8]) {
        total += bytes.count
        let room = max(0, headLimit - head.count)
        head.append(contentsOf: bytes.prefix(room))
        tail.append(contentsOf: bytes.dropFirst(room))
        // Cut in big steps: one byte at a time would move the whole tail each time.
        if tail.count > 2 * tailLimit + 4096 { tail.removeFirst(tail.count - tailLimit) }
    }

    /// Valid UTF-8; the gap is said.
    func text() -> String {
        let kept = tail.suffix(tailLimit)
        let left = total - head.count - kept.count
        let start = String(decoding: head, as: UTF8.self)
        if left == 0 { return start + String(decoding: kept, as: UTF8.self) }
        return start + "\n… \(left) bytes left out …\n" + String(decoding: kept, as: UTF8.self)
    }
}
