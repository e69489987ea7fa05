package import StrictJSON

/// What only `docker inspect` knows of a container.
package struct ContainerDetail: Sendable, Hashable {
    package var name: String
    package var image: String
    package var state: String
    package var isRunning: Bool
    package var health: String?
    /// The last health checks, the newest last.
    package var checks: [HealthCheck]
    /// How many checks in a row have failed.
    package var failingStreak: Int
    package var exitCode: Int?
    package var wasKilledForMemory: Bool
    package var restarts: Int
    package var restartPolicy: String?
    package var startedAt: String?
    package var finishedAt: String?
    /// What the engine says of a start that failed.
    package var error: String?
    package var composeProject: String?
    /// In bytes; `nil` without a limit.
    package var memoryLimit: Int?

    /// One run of the container's health check.
    package struct HealthCheck: Sendable, Hashable {
        package var exitCode: Int
        /// The last line it printed.
        package var output: String?
    }

    private static let shownChecks = 3

    /// The output of `docker inspect --format '{{json .}}'`.
    package init?(_ output: String) {
        guard let json = Container.engineObjects(output).first(where: { $0.objectValue != nil }),
            let state = json["State"]?.objectValue
        else { return nil }
        let checks = (state["Health"] ?? state["Healthcheck"])
        name = Self.line(json["Name"]).map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 } ?? ""
        image = Self.line(json["Config"]?["Image"]) ?? ""
        self.state = Self.line(state["Status"])?.lowercased() ?? "unknown"
        isRunning = state["Running"]?.boolValue ?? (self.state == "running")
        health = Self.line(checks?["Status"]).flatMap { $0 == "none" ? nil : $0 }
        self.checks = (checks?["Log"]?.arrayValue ?? []).suffix(Self.shownChecks).map(Self.check)
        failingStreak = checks?["FailingStreak"]?.intValue ?? 0
        exitCode = state["ExitCode"]?.intValue
        wasKilledForMemory = state["OOMKilled"]?.boolValue ?? false
        restarts = json["RestartCount"]?.intValue ?? 0
        restartPolicy = Self.line(json["HostConfig"]?["RestartPolicy"]?["Name"])
        startedAt = Self.line(state["StartedAt"])
        finishedAt = Self.line(state["FinishedAt"])
        error = Self.line(state["Error"])
        composeProject = Self.line(json["Config"]?["Labels"]?["com.docker.compose.project"])
        memoryLimit = json["HostConfig"]?["Memory"]?.intValue.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func check(_ json: JSONValue) -> HealthCheck {
        // The whole of what it printed may be long: its last line says why.
        let printed = json["Output"]?.stringValue ?? ""
        return HealthCheck(
            exitCode: json["ExitCode"]?.intValue ?? 0,
            output: printed.split(whereSeparator: \.isNewline).last.map { PrintableText.line($0) })
    }

    private static func line(_ json: JSONValue?) -> String? {
        json?.stringValue.flatMap { $0.isEmpty ? nil : PrintableText.line($0) }
    }

    package var json: JSONValue {
        .object(compacting: [
            "name": .string(name), "image": .string(image), "state": .string(state),
            "health": health.map { .string($0) }, "health_checks": checks.isEmpty ? nil : .array(checks.map(\.json)),
            "exit_code": isUp ? nil : exitCode.map { JSONValue($0) },
            "oom_killed": JSONValue(wasKilledForMemory), "restarts": JSONValue(restarts),
            "started_at": startedAt.map { .string($0) }, "error": error.map { .string($0) },
            "compose_project": composeProject.map { .string($0) },
        ])
    }

    /// Docker says of a container between two starts that it is running.
    package var isUp: Bool { isRunning && state != "restarting" }

    /// As in `running (healthy), 2 restarts` and `exited, code 137 (killed for lack of memory)`.
    package var summary: String {
        var parts = [health.map { "\(state) (\($0))" } ?? state]
        if !isUp, let exitCode {
            parts.append("code \(exitCode)\(Self.meaning(exitCode).map { " (\($0))" } ?? "")")
        }
        if wasKilledForMemory { parts.append("killed for lack of memory (OOM)") }
        if restarts > 0 { parts.append("\(restarts) restart\(restarts == 1 ? "" : "s") by its policy") }
        if let error { parts.append(error) }
        if health == "unhealthy", let said = checks.last?.output { parts.append("last check said: \(said)") }
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

extension ContainerDetail.HealthCheck {
    fileprivate var json: JSONValue {
        .object(compacting: ["exit_code": JSONValue(exitCode), "output": output.map { .string($0) }])
    }
}
