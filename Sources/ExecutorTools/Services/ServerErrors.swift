import ExecutorPolicy
import Systemd

/// Why a server answers with an error of its own, by the lines it wrote when it was asked.
struct ServerErrors: Sendable {
    let machine: Machine
    let service: ServiceName
    let unit: UnitState?
    let policy: Policy
    let context: ToolContext

    /// - Parameter moment: When it was asked, in microseconds since 1970.
    func findings(since moment: UInt64) -> [UnitFinding] {
        var query = LogQuery(lines: Self.lines)
        // Times in a log are whole seconds.
        query.since = moment / 1_000_000 * 1_000_000
        let signs = (journal(query) + file(query)).compactMap { LogSign($0) }
        let sentences = SignSentence(machine: machine, policy: policy, unit: unit)
        // Of several servers behind it, each that does not answer.
        var told: [String] = []
        return signs.reversed().compactMap { sign in
            let sentence = sentences.text(sign)
            guard !told.contains(sentence), told.count < Self.told else { return nil }
            told.append(sentence)
            return UnitFinding(sign.code, "\(sentence) Its log: \(SafeText.line(sign.line, limit: 300))")
        }
    }

    private static let lines = 20
    private static let told = 3

    private func journal(_ query: LogQuery) -> [String] {
        guard machine.hasJournal else { return [] }
        var wanted = JournalQuery(unit: service.unit, lines: Self.lines)
        wanted.since = query.since
        return (try? JournalReader(directory: machine.journalDirectory).read(wanted).entries.map(\.message)) ?? []
    }

    /// The first of the files that a program of that name logs to, where the rules let it be read.
    private func file(_ query: LogQuery) -> [String] {
        guard let path = LogPlace.readableFiles(of: service.program, policy).first,
            case .allowed(let grant) = policy.judge(FileLog.command(path, lines: Self.lines))
        else { return [] }
        let log = FileLog(
            machine: machine, policy: policy, query: query, timeout: nil, cancellation: context.cancellation)
        return (try? log.read(grant, path: path))?.lines.map { String(decoding: $0.bytes, as: UTF8.self) } ?? []
    }
}
