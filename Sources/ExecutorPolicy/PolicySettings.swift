import StrictJSON

/// What `executor.json` says beside the rules; every member may be left out.
package struct PolicySettings: Sendable {
    /// Units that nothing changes; `*` stands for any characters.
    var protectedUnits = Self.standardProtectedUnits
    var blocked = BlockedPatterns.standard
    /// Absolute paths by program name, in place of the built-in ones.
    var programs: [String: String] = [:]
    /// Where `ls *` and `du *` may look.
    var readableRoots = PathKind.standardRoots
    /// Ports an address may name.
    var urlPorts = Self.standardURLPorts
    var urlAddresses = AddressRule(loopback: true, privateRanges: false)
    /// Names beside the built-in ones whose values are masked in all output.
    package private(set) var secretPatterns: [String] = []
    /// Bytes after which a new audit file begins.
    package private(set) var auditFileBytes = 64 << 20
    /// Closed audit files kept; older ones are removed.
    package private(set) var auditRetentionFiles = 100

    /// Zones that names may be looked up in; empty for any. A name that is looked up tells its server something.
    var dnsZones: [String] = []
    /// Whether a command may run where the kernel lacks what its rule's sandbox asks for.
    package private(set) var isSandboxLenient = false

    package init() {}

    /// `localhost` and its kind ask no server.
    func mayLookUp(_ name: String) -> Bool {
        let name = ASCII.lowercased(name)
        return dnsZones.isEmpty || HostName.isWithin(name, zones: dnsZones + ["localhost"])
    }

    /// The daemons themselves, the ways in, the bus, systemd's own, what guards the machine, what a disk or the network
    /// hangs by, and shells that ask for no password. Targets and slices start and stop many units at once,
    /// `reboot.target` and `emergency.target` among them.
    static let standardProtectedUnits = [
        "devops-agent*", "devops-executor*", "ssh*", "dbus*", "systemd-*", "init.scope", "user@*", "polkit*",
        "apparmor*", "arptables*", "auditd*", "ebtables*", "firewalld*", "ip6tables*", "iptables*",
        "netfilter-persistent*", "nftables*", "selinux*", "ufw*", "dropbear*", "sssd*", "tailscaled*", "wg-quick@*",
        "connman*", "dhclient*", "dhcpcd*", "ifup@*", "iwd*", "netplan-*", "networking*", "networkmanager*", "openvpn*",
        "wpa_supplicant*", "crowdsec*", "fail2ban*", "blk-availability*", "cryptdisks*",
        "iscsid*",
        "lvm2-*", "multipathd*", "open-iscsi*", "zfs-*", "console-shell*", "container-shell@*", "debug-shell*",
        "emergency*", "halt*", "initrd-*", "kexec*", "poweroff*", "reboot*", "rescue*", "user-runtime-dir@*",
        "*.automount", "*.device", "*.mount", "*.scope", "*.slice", "*.swap", "*.target",
    ]
    static let standardURLPorts: [ClosedRange<UInt16>] = [80...80, 443...443, 3000...3999, 5000...5000, 8000...8999]

    /// Executor's own directories, whatever their names' look.
    func secretDirectory(of path: String) -> String? {
        ["/var/lib/devops-agent", "/var/lib/devops-executor", "/var/log/devops-executor", "/etc/devops-executor"]
            .first { path == $0 || path.hasPrefix($0 + "/") }
    }

    /// - Parameter name: The file, for the error.
    /// - Throws: ``PolicyError`` naming the member and what would be right.
    package init(parsing bytes: [UInt8], name: String) throws(PolicyError) {
        self.init()
        let members: [String: JSONValue]
        do throws(JSONError) {
            guard case .object(let object) = try JSONValue(parsing: bytes) else {
                throw JSONError(reason: "it is no object", offset: 0)
            }
            members = object
        } catch {
            throw PolicyError(file: name, entry: nil, problem: "\(error)", remedy: "write one JSON object")
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            do throws(CommandPattern.Fault) {
                try take(key, value)
            } catch {
                throw PolicyError(file: name, entry: key, problem: error.problem, remedy: error.remedy)
            }
        }
    }

    private static let members = [
        "audit_file_bytes", "audit_files", "blocked", "dns_zones", "programs", "protected_units", "readable_roots",
        "sandbox",
        "secret_names", "url_loopback", "url_ports", "url_private_ranges",
    ]

    private mutating func take(_ key: String, _ value: JSONValue) throws(CommandPattern.Fault) {
        switch key {
        case "audit_file_bytes": auditFileBytes = try Self.integer(value, 64 << 10...1 << 30)
        case "audit_files": auditRetentionFiles = try Self.integer(value, 2...10_000)
        case "blocked":
            for words in try Self.strings(value) {
                guard words.contains(where: { $0 != " " }) else {
                    throw .init(problem: "a blocked pattern is empty", remedy: "write the words to block")
                }
                blocked.add(words: words)
            }
        case "dns_zones":
            dnsZones = try Self.strings(value).map { text throws(CommandPattern.Fault) in try Self.zone(text) }
        case "programs": programs = try Self.paths(value)
        case "protected_units":
            for text in try Self.strings(value) { protectedUnits.append(try Self.unitPattern(text)) }
        case "readable_roots":
            readableRoots = try Self.strings(value).map { root throws(CommandPattern.Fault) in try Self.directory(root)
            }
        case "sandbox":
            guard let mode = value.stringValue, ["lenient", "strict"].contains(mode) else {
                throw .init(problem: "it is no mode", remedy: "write \"strict\" or \"lenient\"")
            }
            isSandboxLenient = mode == "lenient"
        case "secret_names": secretPatterns = try Self.strings(value)
        case "url_loopback", "url_private_ranges":
            guard let flag = value.boolValue else {
                throw .init(problem: "it is no boolean", remedy: "write true or false")
            }
            urlAddresses = AddressRule(
                loopback: key == "url_loopback" ? flag : urlAddresses.loopback,
                privateRanges: key == "url_loopback" ? urlAddresses.privateRanges : flag)
        case "url_ports":
            urlPorts = try Self.strings(value).map { text throws(CommandPattern.Fault) in try Self.ports(text) }
        default:
            throw .init(
                problem: "there is no such setting", remedy: "the settings are \(Self.members.joined(separator: ", "))")
        }
    }

    private static func strings(_ value: JSONValue) throws(CommandPattern.Fault) -> [String] {
        let texts = value.arrayValue?.map(\.stringValue)
        guard let texts, !texts.contains(nil) else {
            throw .init(problem: "it is no list of strings", remedy: "write [\"…\", \"…\"]")
        }
        return texts.compactMap { $0 }
    }

    /// `postgres` protects every unit of that name: the service, its socket, its timer.
    private static func unitPattern(_ text: String) throws(CommandPattern.Fault) -> String {
        let example = String(
            decoding: text.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "x") : $0 }, as: UTF8.self)
        guard let unit = UnitName(example) else {
            throw .init(problem: "\"\(text)\" is no unit", remedy: "write \"postgres\" or \"postgresql*.service\"")
        }
        return unit.text == example || text.hasSuffix("*") ? text : text + ".*"
    }

    private static func zone(_ text: String) throws(CommandPattern.Fault) -> String {
        guard HostName.isValid(text) else {
            throw .init(problem: "\"\(text)\" is no DNS zone", remedy: "write such as \"example.com\"")
        }
        return ASCII.lowercased(text)
    }

    private static func integer(_ value: JSONValue, _ range: ClosedRange<Int>) throws(CommandPattern.Fault) -> Int {
        guard let number = value.intValue, range.contains(number) else {
            throw .init(
                problem: "it is out of range", remedy: "write a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func paths(_ value: JSONValue) throws(CommandPattern.Fault) -> [String: String] {
        let pairs = (value.objectValue ?? [:]).mapValues(\.stringValue)
        guard value.objectValue != nil, !pairs.values.contains(where: { $0?.hasPrefix("/") != true }) else {
            throw .init(
                problem: "it is no table of absolute paths", remedy: "write {\"docker\": \"/usr/local/bin/docker\"}")
        }
        return pairs.compactMapValues { $0 }
    }

    private static func directory(_ text: String) throws(CommandPattern.Fault) -> String {
        guard text.hasPrefix("/"), text.count > 1, !text.hasSuffix("/"), !text.contains("/.") else {
            throw .init(problem: "\"\(text)\" is no directory", remedy: "write an absolute path such as /var")
        }
        return text
    }

    /// `80` or `8000-8999`.
    private static func ports(_ text: String) throws(CommandPattern.Fault) -> ClosedRange<UInt16> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end in
            end.utf8.allSatisfy(ASCII.isDigit) ? UInt16(end) : nil
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], 0 < first,
            first <= last
        else { throw .init(problem: "\"\(text)\" is no port or range", remedy: "write \"80\" or \"8000-8999\"") }
        return first...last
    }
}
