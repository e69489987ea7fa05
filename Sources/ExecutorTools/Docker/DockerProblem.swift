package import ExecutorPolicy

/// Why docker did not answer, in one sentence each.
package enum DockerProblem: Sendable, Hashable {
    case notInstalled(String)
    case daemonDown(String)
    case notPermitted(user: String)
    case noSuchContainer(String)
    /// A port of the machine that the container publishes.
    case portTaken(String)
    case other(String)

    /// What the client printed when it failed.
    package init(output: String, grant: Grant) {
        let lower = output.lowercased()
        if lower.contains("permission denied") && lower.contains("sock") {
            self = .notPermitted(user: grant.runAs.userName)
        } else if Self.isDaemonDown(lower) {
            self = .daemonDown(Self.address(in: output))
        } else if lower.contains("no such container") || lower.contains("no such object")
            || lower.contains("no container with name or id")
        {
            self = .noSuchContainer(grant.lastText)
        } else if let port = Self.takenPort(in: output) {
            self = .portTaken(port)
        } else {
            let last = output.split(separator: "\n").last.map { PrintableText.line($0) }
            self = .other(last ?? "it printed nothing")
        }
    }

    package var sentence: String {
        switch self {
        case .notInstalled(let path): "Docker is not installed: there is no program \(path)."
        case .daemonDown(let address): "The Docker daemon is not running: nothing answers at \(address)."
        case .notPermitted(let user):
            "The user \(user) may not talk to the Docker daemon: let the rule run as root, or put the user into the docker group."
        case .noSuchContainer(let name): "There is no container '\(name)'; docker_ps lists those there are."
        case .portTaken(let port):
            "Docker cannot start the container: port \(port) is taken; check_port \(port) says by what."
        case .other(let text): "Docker failed: \(text)."
        }
    }

    /// The port in `Bind for 0.0.0.0:8080 failed: port is already allocated`, where another container has it, and in
    /// `listen tcp4 0.0.0.0:8080: bind: address already in use`, where a program has.
    static func takenPort(in text: String) -> String? {
        let signs = ["port is already allocated", "address already in use"]
        guard let sign = signs.lazy.compactMap({ text.firstRange(of: $0) }).first else { return nil }
        let before = text[..<sign.lowerBound].split(whereSeparator: \.isWhitespace)
        return before.reversed().lazy.compactMap { word -> String? in
            let port = word.split(separator: ":").last.map(String.init) ?? ""
            return word.contains(":") && UInt16(port) != nil ? port : nil
        }.first
    }

    private static func isDaemonDown(_ lower: String) -> Bool {
        [
            "cannot connect to the docker daemon", "is the docker daemon running", "cannot connect to podman",
            "unable to connect to podman", "error during connect", "failed to connect to the docker api",
            "docker daemon is not running",
        ].contains { lower.contains($0) }
    }

    private static func address(in output: String) -> String {
        let words = output.split(whereSeparator: \.isWhitespace)
        let word = words.first { $0.hasPrefix("unix://") || $0.hasPrefix("tcp://") || $0.hasPrefix("npipe://") }
        guard var address = word else { return "its socket" }
        while let last = address.last, ".,:;".contains(last) { address.removeLast() }
        return PrintableText.line(address)
    }
}

extension RunAs {
    package var userName: String {
        switch self {
        case .probe: "devops-probe"
        case .user(let name): name
        }
    }
}

extension Grant {
    /// The last argument, where it is text.
    package var lastText: String {
        if case .text(let text)? = arguments.last { PrintableText.line(text) } else { "" }
    }

    /// The arguments as text; a file or an address as it is shown.
    package var words: [String] {
        arguments.map { argument in
            switch argument {
            case .text(let text): text
            case .file(let file): file.path
            case .url(let url): url.text
            }
        }
    }

    /// The program's name, without its directory.
    package var programName: String { executable.split(separator: "/").last.map(String.init) ?? executable }
}
