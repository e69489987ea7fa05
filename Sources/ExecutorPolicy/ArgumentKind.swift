import ExecutorAPI

/// What one argument may be. No kind begins with `-`.
enum ArgumentKind: String, Sendable, Hashable, CaseIterable {
    case container
    case count
    case duration
    case host
    case path
    case time
    case unit
    case url
    case word

    /// What a person who says yes need not know the value of.
    var isNumber: Bool { self == .count || self == .duration }

    /// What a text is, taken as this kind.
    enum Reading: Sendable {
        case argument(GrantedArgument)
        /// Not of this kind at all.
        case mismatch
        /// Of this kind, and refused whatever the rule.
        case refused(Refusal)
    }

    /// - Parameter prefix: What the pattern has before the kind in the same argument; a `path` lies beneath it.
    func read(_ text: String, prefix: String, settings: PolicySettings) -> Reading {
        switch self {
        case .container: Self.plain(text, prefix, isGood: Self.isContainer(text))
        case .count: Self.plain(text, prefix, isGood: Self.isCount(text))
        case .duration: Self.plain(text, prefix, isGood: TimeText.isDuration(text))
        case .host: Self.host(text, prefix, settings)
        case .path: PathKind.read(prefix + text, prefix: prefix, settings: settings)
        case .time: Self.plain(text, prefix, isGood: TimeText.isMoment(text))
        case .unit: Self.plain(text, prefix, isGood: UnitName(text) != nil)
        case .url: URLKind.read(text, settings: settings)
        case .word: Self.plain(text, prefix, isGood: Self.isWord(text))
        }
    }

    private static func plain(_ text: String, _ prefix: String, isGood: Bool) -> Reading {
        isGood ? .argument(.text(prefix + text)) : .mismatch
    }

    /// Docker's own rule for names: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`.
    static func isContainer(_ text: String) -> Bool { isName(text, punctuation: "_.-", maximum: 128) }

    static func isWord(_ text: String) -> Bool { isName(text, punctuation: "_.-:@", maximum: 128) }

    private static func isName(_ text: String, punctuation: String, maximum: Int) -> Bool {
        guard let first = text.utf8.first, ASCII.isAlphanumeric(first), text.utf8.count <= maximum else { return false }
        return text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || punctuation.utf8.contains($0) }
    }

    static let maximumCount = 10_000

    /// 1 to ``maximumCount``, without leading zeros: nobody reads more lines.
    static func isCount(_ text: String) -> Bool {
        guard text.utf8.count <= 5, text.utf8.allSatisfy(ASCII.isDigit), text.first != "0" else { return false }
        return Int(text).map { (1...maximumCount).contains($0) } ?? false
    }

    /// An address or a name; a name may end in the dot that makes it absolute, as DNS tools take it.
    private static func host(_ text: String, _ prefix: String, _ settings: PolicySettings) -> Reading {
        if let address = InternetAddress(text) {
            return address.scope == .forbidden ? .refused(forbidden(text)) : .argument(.text(prefix + text))
        }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard HostName.isValid(name) else { return .mismatch }
        if HostName.isForbidden(name) { return .refused(forbidden(text)) }
        return settings.mayLookUp(name) ? .argument(.text(prefix + text)) : .refused(outOfZones(text))
    }

    static func outOfZones(_ host: String) -> Refusal {
        Refusal(
            .notAllowed, rule: "dns/zones", message: "\(host) is in none of the zones that may be looked up.",
            alternative: "An administrator can add its zone to \"dns_zones\" in executor.json.")
    }

    static func forbidden(_ host: String) -> Refusal {
        Refusal(
            .protected, rule: "protected/address",
            message:
                "\(host) is, or stands for, a link-local, multicast or metadata address, which nothing here may reach.",
            alternative: "Name a host by its ordinary address.")
    }
}

/// http and https addresses.
enum URLKind {
    static func read(_ text: String, settings: PolicySettings) -> ArgumentKind.Reading {
        guard let parts = split(text) else { return .mismatch }
        guard let host = host(parts.host), let port = port(parts.port, scheme: parts.scheme) else { return .mismatch }
        if let address = InternetAddress(host) {
            switch address.scope {
            case .forbidden: return .refused(ArgumentKind.forbidden(host))
            case .loopback where !settings.urlAddresses.loopback: return .refused(outOfRange(host))
            case .privateRange where !settings.urlAddresses.privateRanges: return .refused(outOfRange(host))
            default: break
            }
        } else if HostName.isForbidden(host) {
            return .refused(ArgumentKind.forbidden(host))
        } else if !settings.mayLookUp(host) {
            return .refused(ArgumentKind.outOfZones(host))
        }
        guard settings.urlPorts.contains(where: { $0.contains(port) }) else {
            return .refused(
                Refusal(
                    .notAllowed, rule: "url/ports",
                    message: "Port \(port) is not one of those that may be fetched from.",
                    alternative: "An administrator can add it to \"url_ports\" in executor.json."))
        }
        return .argument(
            .url(
                GrantedURL(
                    scheme: parts.scheme, host: host, port: port, target: parts.target,
                    addresses: settings.urlAddresses)))
    }

    private static func outOfRange(_ host: String) -> Refusal {
        Refusal(
            .notAllowed, rule: "url/addresses", message: "\(host) is in a range that may not be fetched from.",
            alternative: "An administrator can open it with \"url_private_ranges\" in executor.json.")
    }

    private static func split(_ text: String) -> (scheme: String, host: String, port: String?, target: String)? {
        guard let scheme = ["http", "https"].first(where: { text.hasPrefix($0 + "://") }) else { return nil }
        let rest = text.dropFirst(scheme.count + 3)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard isTarget(rest[end...]), !authority.contains("@"), !authority.contains("%") else { return nil }
        let target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            let host = authority[authority.index(after: authority.startIndex)..<close]
            guard host.contains(":") else { return nil }
            return (scheme, String(host), after.isEmpty ? nil : String(after.dropFirst()), target)
        }
        let pieces = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(pieces.count) else { return nil }
        return (scheme, String(pieces[0]), pieces.count == 2 ? String(pieces[1]) : nil, target)
    }

    /// Characters of a path and query (RFC 3986, section 3.3), none of which curl's globbing reads; no fragment.
    private static func isTarget(_ text: Substring) -> Bool {
        text.utf8.count <= 2048
            && text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._~!$&'()*+,;=:@/?%".utf8.contains($0) }
    }

    private static func host(_ text: String) -> String? {
        InternetAddress(text) != nil || HostName.isValid(text) ? ASCII.lowercased(text) : nil
    }

    private static func port(_ text: String?, scheme: String) -> UInt16? {
        guard let text else { return scheme == "https" ? 443 : 80 }
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit), text.first != "0" else {
            return nil
        }
        return UInt16(text)
    }
}

/// Absolute paths beneath a fixed directory.
enum PathKind {
    /// Where a pattern names no directory of its own.
    static let standardRoots = ["/etc", "/opt", "/srv", "/var"]

    static func read(_ text: String, prefix: String, settings: PolicySettings) -> ArgumentKind.Reading {
        guard text.hasPrefix("/"), text.utf8.count <= 1024 else { return .mismatch }
        let names = text.split(separator: "/").filter { $0 != "." }
        guard !names.contains(".."), names.allSatisfy({ $0.utf8.count <= 255 }) else { return .mismatch }
        let path = "/" + names.joined(separator: "/")
        let roots = prefix.isEmpty ? settings.readableRoots : [String(prefix.dropLast(prefix.hasSuffix("/") ? 1 : 0))]
        guard let root = roots.first(where: { path == $0 || path.hasPrefix($0 + "/") }) else { return .mismatch }
        // The same words whether or not there is such a file.
        if let secret = names.first(where: { SecretFileName.matches(String($0)) })
            ?? settings.secretDirectory(of: path)?[...]
        {
            return .refused(
                Refusal(
                    .protected, rule: "protected/path",
                    message: "\"\(secret)\" names what may hold secrets, which no rule reads.",
                    alternative: "Read another file; an administrator can read this one on the server."))
        }
        return .argument(
            .file(
                GrantedFile(
                    root: root, relative: String(path.dropFirst(root.count + 1)), delivery: .standardInput)))
    }
}
