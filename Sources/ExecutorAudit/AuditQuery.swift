package import ExecutorAPI
import Glibc
package import StrictJSON

/// Records that fit a filter, newest first, a page at a time.
package struct AuditQuery: Sendable {
    package var since: Timestamp?
    package var until: Timestamp?
    package var actor: String?
    package var tool: String?
    package var rule: String?
    package var kind: String?
    /// Only records after this one.
    package var afterSequence: Int?
    /// Only records before this one: where the last page ended.
    package var beforeSequence: Int?
    package var limit: Int

    package init(limit: Int = 100) { self.limit = min(max(1, limit), ExecutorLimits.auditPage) }

    package struct Page: Sendable {
        package var records: [JSONValue]
        /// For the next page; `nil` when there is none.
        package var nextBefore: Int?
    }

    /// Reads one file at a time, of which only the page is kept.
    package func run(directory: String) throws(AuditError) -> Page {
        let files = AuditFiles(directory: directory)
        var records: [JSONValue] = []
        for number in files.numbers.reversed() {
            if let beforeSequence, let first = files.firstSequence(of: number), first >= beforeSequence { continue }
            let room = limit + 1 - records.count
            let (newest, isPast) = try newest(room, of: number, files)
            records += newest
            if records.count > limit {
                return Page(
                    records: Array(records.prefix(limit)), nextBefore: records[limit - 1]["seq"]?.intValue)
            }
            if isPast { break }
        }
        return Page(records: records, nextBefore: nil)
    }

    /// The newest matches of one file, newest first, and whether older files can have none.
    private func newest(_ count: Int, of number: Int, _ files: AuditFiles) throws(AuditError) -> ([JSONValue], Bool) {
        var kept: [ArraySlice<UInt8>] = []
        var isPast = false
        try files.forEachLine(of: number) { line, _, _ in
            guard let parts = AuditLine.parts(line) else { return true }
            if let beforeSequence, parts.sequence >= beforeSequence { return false }
            if let afterSequence, parts.sequence <= afterSequence {
                isPast = true
                return true
            }
            // Parsing is dear: what cannot match is passed over by its bytes.
            guard needles.allSatisfy({ AuditLine.contains(line, $0) }), let record = try? JSONValue(parsing: line)
            else {
                return true
            }
            if let since, let time = record["time"]?.stringValue, time < since.text {
                isPast = true
                return true
            }
            if matches(record) {
                kept.append(ArraySlice(Array(line)))
                if kept.count >= 2 * count + 64 { kept.removeFirst(kept.count - count) }
            }
            return true
        }
        return (kept.suffix(count).reversed().compactMap { try? JSONValue(parsing: $0) }, isPast)
    }

    private var needles: [[UInt8]] {
        [("tool", tool), ("rule", rule), ("kind", kind)].compactMap { name, value in
            value.map { value in
                var bytes = Array("\"\(name)\":".utf8)
                JSONValue.write(value, to: &bytes)
                return bytes
            }
        }
    }

    private func matches(_ record: JSONValue) -> Bool {
        func fits(_ name: String, _ wanted: String?) -> Bool {
            wanted.map { record[name]?.stringValue == $0 } ?? true
        }
        if let until, let time = record["time"]?.stringValue, time >= until.text { return false }
        if let actor, record["actor"]?["user_id"]?.stringValue != actor { return false }
        return fits("tool", tool) && fits("rule", rule) && fits("kind", kind)
    }
}
