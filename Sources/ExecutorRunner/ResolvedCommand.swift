import CLinux
import ExecutorPolicy
import Glibc

/// A grant with its files opened and its host names resolved: nothing can be swapped in any more.
struct ResolvedCommand {
    var arguments: [String] = []
    var standardInput: Descriptor?
    /// Becomes descriptor 3.
    var file: Descriptor?
    var directory: Descriptor?
    let program: Descriptor
    private let opener: ChildIdentity?

    /// - Parameter opener: With whose rights files are opened; `nil` for the executor's.
    init(_ grant: Grant, openingAs opener: ChildIdentity?) throws(RunnerError) {
        self.opener = opener
        program = try Self.openProgram(grant.executable)
        if let path = grant.workingDirectory { directory = try openDirectory(path) }
        for argument in grant.arguments {
            switch argument {
            case .text(let text): arguments.append(text)
            case .file(let file): arguments.append(try take(file))
            case .url(let url):
                arguments += try Self.pin(url, for: grant)
                arguments.append(url.text)
            }
        }
    }

    // MARK: Files

    private mutating func take(_ granted: GrantedFile) throws(RunnerError) -> String {
        let opened = try open(granted)
        var status = stat()
        guard fstat(opened.number, &status) == 0 else { throw Self.unavailable(granted) }
        switch (granted.delivery, status.st_mode & S_IFMT) {
        case (.standardInput, S_IFREG) where standardInput == nil:
            standardInput = opened
            return "-"
        case (.workingDirectory, S_IFDIR) where directory == nil:
            directory = opened
            return "."
        case (.workingDirectory, S_IFREG) where file == nil:
            file = opened
            return "/proc/self/fd/3"
        default: throw Self.unavailable(granted)
        }
    }

    /// Beneath its root and through no link (openat2(2)); a FIFO or device never blocks the executor.
    private func open(_ granted: GrantedFile) throws(RunnerError) -> Descriptor {
        let root = Glibc.open(granted.root, O_PATH | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { throw Self.unavailable(granted) }
        defer { close(root) }
        let relative = granted.relative.isEmpty ? "." : granted.relative
        let number = open(relative, in: root, O_RDONLY | O_NONBLOCK | O_NOCTTY, clinux_resolve_beneath())
        guard number >= 0 else { throw Self.unavailable(granted) }
        return Descriptor(number)
    }

    private func open(_ path: String, in directory: Int32, _ flags: Int32, _ resolve: UInt64) -> Int32 {
        let flags = flags | O_CLOEXEC
        guard let opener else { return clinux_openat2(directory, path, flags, resolve) }
        return opener.withCopy { clinux_openat2_as($0, directory, path, flags, resolve) }
    }

    private static func unavailable(_ granted: GrantedFile) -> RunnerError {
        RunnerError(
            .fileUnavailable,
            "\(granted.path) cannot be read here: it is missing, not an ordinary file or directory, or behind a link.")
    }

    private func openDirectory(_ path: String) throws(RunnerError) -> Descriptor {
        let root = Glibc.open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
        defer { close(root) }
        let relative = path == "/" ? "." : String(path.drop { $0 == "/" })
        let number = open(relative, in: root, O_RDONLY | O_DIRECTORY, clinux_resolve_beneath())
        guard number >= 0 else { throw .system("The rule's directory \(path) cannot be entered") }
        return Descriptor(number)
    }

    /// Opened once, and run by this descriptor. Run by root, it must be root's alone to change.
    private static func openProgram(_ path: String) throws(RunnerError) -> Descriptor {
        let number = Glibc.open(path, O_PATH | O_CLOEXEC)
        guard number >= 0 else {
            throw RunnerError(.programMissing, "\(path) is not installed on this machine.")
        }
        let program = Descriptor(number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o111 != 0 else {
            throw RunnerError(.programMissing, "\(path) is no program.")
        }
        guard geteuid() != 0 || (status.st_uid == 0 && status.st_mode & 0o022 == 0) else {
            throw RunnerError(.notPermitted, "\(path) can be changed by others than root, so root does not run it.")
        }
        return program
    }

    // MARK: Addresses

    /// `--resolve HOST:PORT:ADDRESS[,ADDRESS]…` (curl(1)), so that the addresses that were judged are those that are
    /// connected to. Other programs take no such word: they get addresses in figures alone.
    private static func pin(_ url: GrantedURL, for grant: Grant) throws(RunnerError) -> [String] {
        let addresses = try resolve(url)
        guard !addresses.isEmpty, addresses.allSatisfy({ isAllowed($0.address, url.addresses) }) else {
            throw RunnerError(
                .addressRefused,
                "\(url.host) leads to an address that may not be fetched from: \(addresses.map(\.text).joined(separator: ", "))."
            )
        }
        if InternetAddress(url.host) != nil { return [] }
        guard grant.executable.hasSuffix("/curl") else {
            throw RunnerError(
                .addressRefused,
                "\(grant.executable) cannot be bound to the address of \(url.host); write the address in figures.")
        }
        let texts = addresses.prefix(maximumAddresses).map { $0.text.contains(":") ? "[\($0.text)]" : $0.text }
        return ["--resolve", "\(url.host):\(url.port):\(texts.joined(separator: ","))"]
    }

    /// Of a name with more, the first ones are used.
    private static let maximumAddresses = 8

    private static func isAllowed(_ address: InternetAddress, _ rule: AddressRule) -> Bool {
        switch address.scope {
        case .loopback: rule.loopback
        case .privateRange: rule.privateRanges
        case .global: true
        case .forbidden: false
        }
    }

    private static func resolve(_ url: GrantedURL) throws(RunnerError) -> [(address: InternetAddress, text: String)] {
        if let literal = InternetAddress(url.host) { return [(literal, url.host)] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(url.host, String(url.port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            throw RunnerError(
                .addressRefused, "The name \(url.host) does not resolve: \(String(cString: gai_strerror(code))).")
        }
        var found: [(InternetAddress, String)] = []
        var entry = list
        while let info = entry?.pointee {
            if let bytes = bytes(info), let address = InternetAddress(bytes: bytes) {
                found.append((address, text(bytes)))
            }
            entry = info.ai_next
        }
        return found
    }

    private static func bytes(_ info: addrinfo) -> [UInt8]? {
        guard let pointer = UnsafeRawPointer(info.ai_addr) else { return nil }
        switch info.ai_family {
        case AF_INET:
            return withUnsafeBytes(of: pointer.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
        case AF_INET6:
            return withUnsafeBytes(of: pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
        default: return nil
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
