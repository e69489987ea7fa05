package import StrictJSON

/// A container, as `docker ps --format '{{json .}}'` lists it; podman's form is read as well.
package struct Container: Sendable, Hashable {
    package var id: String
    package var name: String
    package var image: String
    /// `running`, `exited`, `restarting`, `paused`, `created`, `dead`.
    package var state: String
    /// In words: `Up 3 hours (healthy)`, `Exited (137) 2 minutes ago`.
    package var status: String
    package var ports: String
    package var composeProject: String?
    package var detail: ContainerDetail?

    /// The lines of `docker ps`; one that is no container is left out.
    package static func list(_ output: String) -> [Container] {
        engineObjects(output).compactMap { Container(json: $0) }
    }

    /// What `--format '{{json .}}'` prints: docker a line of each object, podman one list of all.
    static func engineObjects(_ output: String) -> [JSONValue] {
        if output.first == "[" {
            return (try? JSONValue(parsing: output.utf8, options: .lenient))?.arrayValue ?? []
        }
        return output.split(separator: "\n").compactMap { try? JSONValue(parsing: $0.utf8, options: .lenient) }
    }

    package init?(json: JSONValue) {
        guard let id = (json["ID"] ?? json["Id"])?.stringValue else { return nil }
        // Docker writes `a,b`, podman a list.
        let names = json["Names"]?.arrayValue?.compactMap(\.stringValue) ?? [json["Names"]?.stringValue ?? ""]
        self.id = PrintableText.line(id.prefix(12))
        name = PrintableText.line(names.first?.split(separator: ",").first ?? "")
        image = PrintableText.line(json["Image"]?.stringValue ?? "")
        status = PrintableText.line(json["Status"]?.stringValue ?? "")
        state = PrintableText.line(json["State"]?.stringValue ?? Self.state(status)).lowercased()
        ports = PrintableText.line(Self.ports(json["Ports"]))
        composeProject = Self.label("com.docker.compose.project", in: json["Labels"]).map { PrintableText.line($0) }
    }

    package var health: String? {
        detail?.health
            ?? ["healthy", "unhealthy", "starting"].first {
                status.contains("(\($0))") || status.contains("health: \($0)")
            }
    }

    /// The number in `Exited (137)`.
    package var exitCode: Int? {
        if let code = detail?.exitCode, state != "running" { return code }
        guard status.hasPrefix("Exited ("), let end = status.firstIndex(of: ")") else { return nil }
        return Int(status[status.index(status.startIndex, offsetBy: 8)..<end])
    }

    /// Running, and not said to be unhealthy.
    package var isWell: Bool { state == "running" && (health ?? "healthy") == "healthy" }

    /// Whether connections to `port` of the machine are its own: `0.0.0.0:8080->80/tcp, [::]:9000-9002->9000-9002/tcp`.
    package func publishes(_ port: UInt16) -> Bool {
        state == "running"
            && ports.split(separator: ",").contains { part in
                guard let arrow = part.firstRange(of: "->"), let colon = part[..<arrow.lowerBound].lastIndex(of: ":")
                else { return false }
                let ends = part[part.index(after: colon)..<arrow.lowerBound].split(separator: "-").compactMap {
                    UInt16($0)
                }
                guard let first = ends.first, let last = ends.last, first <= last else { return false }
                return (first...last).contains(port)
            }
    }

    /// `a=1,b=2`, or an object.
    private static func label(_ name: String, in labels: JSONValue?) -> String? {
        if let value = labels?[name]?.stringValue { return value }
        return labels?.stringValue?.split(separator: ",").first { $0.hasPrefix("\(name)=") }
            .map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    /// Text, or podman's list of `{host_ip, host_port, container_port, protocol}`.
    private static func ports(_ json: JSONValue?) -> String {
        guard let list = json?.arrayValue else { return json?.stringValue ?? "" }
        return list.map { port in
            let address = port["host_ip"]?.stringValue ?? ""
            let inside = "\(port["container_port"]?.intValue ?? 0)/\(port["protocol"]?.stringValue ?? "tcp")"
            let outside = port["host_port"]?.intValue ?? 0
            return outside == 0 ? inside : "\(address.isEmpty ? "0.0.0.0" : address):\(outside)->\(inside)"
        }.joined(separator: ", ")
    }

    /// The state in a status of an engine that gives no other.
    private static func state(_ status: String) -> String {
        if status.hasPrefix("Up") { return status.contains("(Paused)") ? "paused" : "running" }
        return status.split(separator: " ").first.map(String.init) ?? "unknown"
    }
}
