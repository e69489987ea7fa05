package import ExecutorAPI
package import StrictJSON

/// Records that fit a filter, a page at a time.
package struct AuditQuery: Sendable {
    package enum Order: String, Sendable, CaseIterable {
        case newest
        case oldest
    }

    package var since: Timestamp?
    package var until: Timestamp?
    /// The user for whom the agent said it acts.
    package var actor: String?
    package var tool: String?
    package var rule: String?
    package var kind: String?
    /// What was decided, by the kind of record that says so.
    package var verdict: Explanation.Verdict?
    /// Only records after this one.
    package var afterSequence: Int?
    /// Only records before this one.
    package var beforeSequence: Int?
    /// Which records come first.
    package var order = Order.newest
    package var limit: Int
    /// Bytes that are read for one page.
    package var scanBytes = AuditLimits.scanBytes

    package init(limit: Int = 100) { self.limit = min(max(1, limit), ExecutorLimits.auditPage) }

    package struct Page: Sendable {
        package var records: [JSONValue]
        /// Where the next page goes on: ``continued(after:)``. `nil` when there is none. A page may be short, or
        /// empty, and have one: a query reads and answers so many bytes at once.
        package var cursor: Int?
        /// The sequence of the last record that was looked at: who follows the log goes on behind it.
        package var seen: Int?
    }

    /// The query of the next page.
    package func continued(after cursor: Int) -> AuditQuery {
        var next = self
        switch order {
        case .newest: next.beforeSequence = min(cursor, beforeSequence ?? cursor)
        case .oldest: next.afterSequence = max(cursor, afterSequence ?? cursor)
        }
        return next
    }

    /// Reads the files that may have such records, from where they may begin.
    package func run(directory: String) throws(AuditError) -> Page {
        let files = AuditFiles(directory: directory)
        var page = PageBuilder(query: self)
        for number in try candidates(files) {
            try read(files.path(number), into: &page)
            if page.isOver { break }
        }
        return Page(records: page.records, cursor: page.cursor, seen: page.seen)
    }

    /// The first sequence that is wanted; a cursor may be any number.
    private var firstSequence: Int? { afterSequence.map { $0 < .max ? $0 + 1 : $0 } }

    private func read(_ path: String, into page: inout PageBuilder) throws(AuditError) {
        let reader = try AuditReader(path, chunkBytes: AuditReader.smallChunkBytes)
        switch order {
        case .newest:
            var end: Int?
            if let beforeSequence { end = try reader.offset(ofSequence: beforeSequence) }
            try reader.forEachLineBackwards(from: end) { page.take($0.bytes) }
        case .oldest:
            var start = 0
            if let firstSequence { start = try reader.offset(ofSequence: firstSequence) }
            try reader.forEachLine(from: start) { $0.form == .whole ? page.take($0.bytes) : true }
        }
    }

    /// The files that may have such records, in the order in which they are to be read.
    private func candidates(_ files: AuditFiles) throws(AuditError) -> [Int] {
        var candidates: [Int] = []
        var next: Int?
        for number in try files.numbers().reversed() {
            let first = try files.first(of: number)?.sequence
            // All that is older is before what is asked for.
            if let next, let firstSequence, next <= firstSequence { break }
            let isAfter = first.map { $0 >= beforeSequence ?? .max } ?? false
            let isNewest = next == nil
            let mayMatch = isNewest ? true : try mayMatchTimes(files, number)
            if !isAfter, mayMatch { candidates.append(number) }
            next = first ?? next
        }
        return order == .newest ? candidates : candidates.reversed()
    }

    /// By the checkpoint that closes the file; one that was not closed is read.
    private func mayMatchTimes(_ files: AuditFiles, _ number: Int) throws(AuditError) -> Bool {
        guard since != nil || until != nil else { return true }
        var closing: JSONValue?
        let reader = try AuditReader(files.path(number), chunkBytes: AuditReader.smallChunkBytes)
        try reader.forEachLineBackwards { line in
            if RecordScanner(line.bytes).kind == .checkpoint { closing = try? JSONValue(parsing: line.bytes) }
            return false
        }
        if let since, let latest = closing?["detail"]?["latest"]?.stringValue, latest < since.text { return false }
        if let until, let earliest = closing?["detail"]?["earliest"]?.stringValue, earliest >= until.text {
            return false
        }
        return true
    }
}

/// One page as it fills.
private struct PageBuilder {
    private let filter: RecordFilter
    private let query: AuditQuery
    private(set) var records: [JSONValue] = []
    private(set) var cursor: Int?
    private(set) var seen: Int?
    private(set) var isOver = false
    private var pageBytes = 0
    private var scannedBytes = 0
    private var lastKept: Int?

    init(query: AuditQuery) { (self.query, filter) = (query, RecordFilter(query)) }

    /// Whether to go on.
    mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
        guard let sequence = AuditLine.parts(line)?.sequence else { return true }
        isOver = isBeyond(sequence)
        scannedBytes += line.count
        if !isOver, let record = filter.match(line) { keep(record, sequence, line.count) }
        if !isOver { seen = sequence }
        if !isOver, scannedBytes >= query.scanBytes { (cursor, isOver) = (sequence, true) }
        return !isOver
    }

    private func isBeyond(_ sequence: Int) -> Bool {
        switch query.order {
        case .newest: sequence <= query.afterSequence ?? 0
        case .oldest: sequence >= query.beforeSequence ?? .max
        }
    }

    private mutating func keep(_ record: JSONValue, _ sequence: Int, _ bytes: Int) {
        guard records.count < query.limit, records.isEmpty || pageBytes + bytes <= AuditLimits.pageBytes else {
            (cursor, isOver) = (lastKept, true)
            return
        }
        records.append(record)
        (pageBytes, lastKept) = (pageBytes + bytes, sequence)
    }
}

/// Whether a line is asked for; what cannot match is passed over by its bytes, for parsing is dear.
private struct RecordFilter {
    private let query: AuditQuery
    private let needles: [[UInt8]]
    private let kinds: Set<String>?
    private let since: String?
    private let until: String?

    init(_ query: AuditQuery) {
        self.query = query
        let words = [("tool", query.tool), ("rule", query.rule), ("kind", query.kind), ("user_id", query.actor)]
        needles = words.compactMap { name, value in value.map { AuditLine.needle(name, $0) } }
        kinds = query.verdict.map { Set($0.kinds.map(\.rawValue)) }
        (since, until) = (query.since?.text, query.until?.text)
    }

    func match(_ line: ArraySlice<UInt8>) -> JSONValue? {
        guard needles.allSatisfy({ AuditLine.contains(line, $0) }) else { return nil }
        if since != nil || until != nil {
            guard let time = RecordScanner(line).time, time >= since ?? "", until.map({ time < $0 }) ?? true else {
                return nil
            }
        }
        // Not `? record : nil`, which is a JSON null.
        guard let record = try? JSONValue(parsing: line), matches(record) else { return nil }
        return record
    }

    private func matches(_ record: JSONValue) -> Bool {
        func fits(_ name: String, _ wanted: String?) -> Bool {
            wanted.map { record[name]?.stringValue == $0 } ?? true
        }
        if let actor = query.actor, record["actor"]?["user_id"]?.stringValue != actor { return false }
        if let kinds, !kinds.contains(record["kind"]?.stringValue ?? "") { return false }
        return fits("tool", query.tool) && fits("rule", query.rule) && fits("kind", query.kind)
    }
}

extension Explanation.Verdict {
    /// The kinds of record that say so.
    fileprivate var kinds: [AuditEvent.Kind] {
        switch self {
        case .allowed: [.intent]
        case .needsApproval: [.question]
        case .denied: [.denial, .refusal]
        }
    }
}
