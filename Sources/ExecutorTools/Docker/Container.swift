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
        output.split(separator: "\n").compactMap { line in
            (try? JSONValue(parsing: line.utf8, options: .lenient)).flatMap { Container(json: $0) }
        }
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

/// What only `docker inspect` knows of a container.
package struct ContainerDetail: Sendable, Hashable {
    package var name: String
    package var image: String
    package var state: String
    package var isRunning: Bool
    package var health: String?
    /// What the last health check printed.
    package var healthOutput: String?
    package var exitCode: Int?
    package var wasKilledForMemory: Bool
    package var restarts: Int
    package var restartPolicy: String?
    package var startedAt: String?
    package var finishedAt: String?
    /// What the engine says of a start that failed.
    package var error: String?
    package var composeProject: String?

    /// The output of `docker inspect --format '{{json .}}'`.
    package init?(_ output: String) {
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("{") }),
            let json = try? JSONValue(parsing: line.utf8, options: .lenient), let state = json["State"]?.objectValue
        else { return nil }
        let checks = (state["Health"] ?? state["Healthcheck"])
        name = Self.line(json["Name"]).map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 } ?? ""
        image = Self.line(json["Config"]?["Image"]) ?? ""
        self.state = Self.line(state["Status"])?.lowercased() ?? "unknown"
        isRunning = state["Running"]?.boolValue ?? (self.state == "running")
        health = Self.line(checks?["Status"]).flatMap { $0 == "none" ? nil : $0 }
        // The whole of what it printed may be long: its last line says why.
        let printed = checks?["Log"]?.arrayValue?.last?["Output"]?.stringValue ?? ""
        healthOutput = printed.split(whereSeparator: \.isNewline).last.map { PrintableText.line($0) }
        exitCode = state["ExitCode"]?.intValue
        wasKilledForMemory = state["OOMKilled"]?.boolValue ?? false
        restarts = json["RestartCount"]?.intValue ?? 0
        restartPolicy = Self.line(json["HostConfig"]?["RestartPolicy"]?["Name"])
        startedAt = Self.line(state["StartedAt"])
        finishedAt = Self.line(state["FinishedAt"])
        error = Self.line(state["Error"])
        composeProject = Self.line(json["Config"]?["Labels"]?["com.docker.compose.project"])
    }

    private static func line(_ json: JSONValue?) -> String? {
        json?.stringValue.flatMap { $0.isEmpty ? nil : PrintableText.line($0) }
    }

    package var json: JSONValue {
        .object(compacting: [
            "name": .string(name), "image": .string(image), "state": .string(state),
            "health": health.map { .string($0) }, "exit_code": isRunning ? nil : exitCode.map { JSONValue($0) },
            "oom_killed": JSONValue(wasKilledForMemory), "restarts": JSONValue(restarts),
            "started_at": startedAt.map { .string($0) }, "error": error.map { .string($0) },
            "compose_project": composeProject.map { .string($0) },
        ])
    }

    /// As in `running (healthy), 2 restarts` and `exited, code 137 (killed for lack of memory)`.
    package var summary: String {
        var parts = [health.map { "\(state) (\($0))" } ?? state]
        if !isRunning, let exitCode {
            parts.append("code \(exitCode)\(Self.meaning(exitCode).map { " (\($0))" } ?? "")")
        }
        if wasKilledForMemory { parts.append("killed for lack of memory (OOM)") }
        if restarts > 0 { parts.append("\(restarts) restart\(restarts == 1 ? "" : "s") by its policy") }
        if let error { parts.append(error) }
        if health == "unhealthy", let healthOutput { parts.append("last check said: \(healthOutput)") }
        return parts.joined(separator: ", ")
    }

    /// What shells and engines mean by a code.
    package static func meaning(_ code: Int) -> String? {
        switch code {
        case 125: "the engine could not start it"
        case 126: "its program may not be executed"
        case 127: "its program was not found"
        case 134: "SIGABRT"
        case 137: "SIGKILL"
        case 139: "SIGSEGV"
        case 143: "SIGTERM"
        default: nil
        }
    }
}
