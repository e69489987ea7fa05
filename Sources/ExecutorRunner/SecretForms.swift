/// Secrets that are known by their form, whatever stands before them.
enum SecretForms {
    private struct Prefix {
        let bytes: [UInt8]
        /// Characters after the prefix, at least.
        let minimum: Int
        let isUpperOnly: Bool

        init(_ text: String, _ minimum: Int, isUpperOnly: Bool = false) {
            (bytes, self.minimum, self.isUpperOnly) = (Array(text.utf8), minimum, isUpperOnly)
        }
    }

    /// What the vendors' documents say their tokens and keys begin with.
    private static let prefixes = [
        Prefix("sk-", 20), Prefix("sk_live_", 16), Prefix("sk_test_", 16), Prefix("rk_live_", 16),
        Prefix("whsec_", 16), Prefix("ghp_", 30), Prefix("gho_", 30), Prefix("ghu_", 30), Prefix("ghs_", 30),
        Prefix("ghr_", 30), Prefix("github_pat_", 30), Prefix("glpat-", 16), Prefix("glrt-", 16),
        Prefix("gldt-", 16), Prefix("xoxb-", 16), Prefix("xoxp-", 16), Prefix("xoxa-", 16), Prefix("xoxe-", 16),
        Prefix("xapp-", 16), Prefix("AKIA", 16, isUpperOnly: true), Prefix("ASIA", 16, isUpperOnly: true),
        Prefix("AIza", 30), Prefix("ya29.", 20), Prefix("hf_", 30), Prefix("npm_", 36), Prefix("pypi-", 30),
        Prefix("dop_v1_", 40), Prefix("dckr_pat_", 20), Prefix("SG.", 40), Prefix("hvs.", 20), Prefix("hvb.", 20),
        Prefix("AGE-SECRET-KEY-", 40), Prefix("glsa_", 30), Prefix("glc_", 30), Prefix("shpat_", 30),
        Prefix("shpss_", 30), Prefix("dapi", 32), Prefix("NRAK-", 20), Prefix("lin_api_", 30),
        Prefix("ATATT3", 20), Prefix("rubygems_", 30),
    ]
    private static let byFirst = Dictionary(grouping: prefixes) { $0.bytes[0] }

    /// After these, what follows in the path is the key (Slack's and Discord's incoming webhooks).
    private static let webhooks = ["hooks.slack.com/services/", "discord.com/api/webhooks/"].map { Array($0.utf8) }

    /// The end of a secret that begins at `start`, where a word begins.
    static func end(in line: [UInt8], at start: Int) -> Int? {
        prefixed(line, start) ?? webToken(line, start) ?? botToken(line, start) ?? crypt(line, start)
    }

    /// Where, after `start`, the key of a webhook's address begins and ends.
    static func webhook(in line: [UInt8], at start: Int) -> Range<Int>? {
        guard let host = webhooks.first(where: { line[start...].starts(with: $0) }) else { return nil }
        let from = start + host.count
        let end = line[from...].firstIndex { !isWord($0) && $0 != UInt8(ascii: "/") } ?? line.count
        return end - from >= 16 ? from..<end : nil
    }

    private static func prefixed(_ line: [UInt8], _ start: Int) -> Int? {
        for prefix in byFirst[line[start]] ?? [] where line[start...].starts(with: prefix.bytes) {
            let from = start + prefix.bytes.count
            let end = line[from...].firstIndex { !isWord($0) && $0 != UInt8(ascii: ".") } ?? line.count
            let rest = line[from..<end]
            guard rest.count >= prefix.minimum, rest.contains(where: isDigit) else { continue }
            if prefix.isUpperOnly, !rest.allSatisfy({ isDigit($0) || isUpper($0) }) { continue }
            return end
        }
        return nil
    }

    /// Three base64url parts, the first two of which begin as `{"` does (RFC 7519).
    private static func webToken(_ line: [UInt8], _ start: Int) -> Int? {
        let head = Array("eyJ".utf8)
        guard line[start...].starts(with: head) else { return nil }
        var index = start
        for part in 0..<3 {
            let end = line[index...].firstIndex { !isWord($0) } ?? line.count
            guard end - index >= 10, part != 1 || line[index...].starts(with: head) else { return nil }
            if part == 2 { return end }
            guard end < line.count, line[end] == UInt8(ascii: ".") else { return nil }
            index = end + 1
        }
        return nil
    }

    /// `digits:35 characters`, the form of a Telegram bot's token; `bot` before it in an address.
    private static func botToken(_ line: [UInt8], _ start: Int) -> Int? {
        let start = line[start...].starts(with: "bot".utf8) ? start + 3 : start
        let digits = line[start...].prefix(12).prefix(while: isDigit)
        guard (8...12).contains(digits.count), digits.endIndex < line.count, line[digits.endIndex] == UInt8(ascii: ":")
        else { return nil }
        let from = digits.endIndex + 1
        let end = line[from...].firstIndex { !isWord($0) } ?? line.count
        return (34...36).contains(end - from) ? end : nil
    }

    /// `$id$…$…`, a password's hash as crypt(5) and the PHC string format write it.
    private static func crypt(_ line: [UInt8], _ start: Int) -> Int? {
        let dollar = UInt8(ascii: "$")
        guard line[start] == dollar else { return nil }
        let end = line[start...].firstIndex { !isWord($0) && !"$./+=,".utf8.contains($0) } ?? line.count
        let parts = line[start..<end].split(separator: dollar, omittingEmptySubsequences: false)
        guard end - start >= 24, parts.count >= 4 else { return nil }
        return cryptNames.contains(String(decoding: parts[1], as: UTF8.self)) ? end : nil
    }

    private static let cryptNames: Set = [
        "1", "2a", "2b", "2x", "2y", "5", "6", "7", "y", "gy", "apr1", "argon2i", "argon2d", "argon2id", "scrypt",
        "sha1", "md5",
    ]

    /// Characters of names and of most tokens.
    static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || isUpper(byte) || isLower(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
