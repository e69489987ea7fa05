/// What systemd knows of a unit: the properties worth telling, read at one moment.
package struct UnitState: Sendable, Hashable {
    /// The name it was asked for by.
    package let name: String
    private let properties: [String: BusValue]

    package init(name: String, properties: [String: BusValue]) {
        (self.name, self.properties) = (name, properties)
    }

    /// What is read of the some 300 there are.
    static let wanted: Set<String> = [
        "ActiveEnterTimestamp", "ActiveState", "After", "AssertResult", "Asserts", "BindsTo", "BoundBy",
        "CPUUsageNSec", "ConditionResult", "Conditions", "ConflictedBy", "Conflicts", "ConsistsOf", "ControlPID",
        "Description", "DropInPaths", "EnvironmentFiles", "ExecMainCode", "ExecMainExitTimestamp",
        "ExecMainPID", "ExecMainStartTimestamp", "ExecMainStatus", "ExecStart", "ExecStartPost", "ExecStartPre",
        "FragmentPath", "Group", "Id",
        "InactiveExitTimestamp", "InvocationID", "LastTriggerUSec", "LimitFSIZE", "LimitNOFILESoft", "LimitNPROC",
        "Listen", "LoadError",
        "LoadState", "MainPID", "MemoryCurrent", "MemoryMax", "NAccepted", "NConnections", "NRestarts", "Names",
        "NeedDaemonReload", "NextElapseUSecMonotonic", "NextElapseUSecRealtime", "PIDFile", "Paths", "ProtectSystem",
        "RequiredBy", "Requires",
        "Requisite", "Restart", "RestartUSec", "Result", "StartLimitBurst", "StartLimitIntervalUSec",
        "StateChangeTimestamp",
        "StatusText", "SubState", "SupplementaryGroups", "TasksCurrent", "TasksMax", "TriggeredBy", "Triggers", "Type",
        "UnitFileState",
        "User", "Wants", "What", "Where", "WorkingDirectory",
    ]

    package func text(_ property: String) -> String? {
        properties[property]?.text.flatMap { $0.isEmpty ? nil : SafeText.line($0, limit: 500) }
    }
    package func texts(_ property: String) -> [String] { properties[property]?.texts ?? [] }
    package func bool(_ property: String) -> Bool? { properties[property]?.bool }
    package func values(_ property: String) -> [BusValue] { properties[property]?.elements ?? [] }
    package func integer(_ property: String) -> Int64? { properties[property]?.integer }

    /// A figure; `nil` where systemd says "not known" or "no limit" with the largest number there is.
    package func count(_ property: String) -> Int? {
        guard let number = properties[property]?.unsigned, number < UInt64(Int64.max) else { return nil }
        return Int(number)
    }

    /// The name it goes by itself, where the one asked for is an alias.
    package var id: String { text("Id") ?? name }
    package var load: String { text("LoadState") ?? "unknown" }
    package var active: String { text("ActiveState") ?? "unknown" }
    package var sub: String { text("SubState") ?? "unknown" }
    package var exists: Bool { load != "not-found" }
    package var isActive: Bool { active == "active" }
    package var result: String { text("Result") ?? "success" }
    package var mainPID: Int32? { count("MainPID").flatMap { Int32(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil } }
    /// In microseconds since 1970.
    package var stateChanged: Int? { count("StateChangeTimestamp").flatMap { $0 > 0 ? $0 : nil } }
    /// When systemd noted its last start, in microseconds since 1970.
    package var startNoted: UInt64? { count("InactiveExitTimestamp").flatMap { $0 > 0 ? UInt64($0) : nil } }
    /// From when on words are of its last start, in microseconds since 1970.
    ///
    /// A little before systemd noted the start: the process may have spoken by then. Less than the shortest pause between
    /// two starts (`RestartSec=`, 100 ms).
    package var started: UInt64? { startNoted.map { $0 - min($0, 50_000) } }
    /// The id of this start, as the journal has it in `_SYSTEMD_INVOCATION_ID`.
    package var invocation: String? {
        let bytes = values("InvocationID").compactMap(\.unsigned)
        guard bytes.count == 16 else { return nil }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    package var restarts: Int { count("NRestarts") ?? 0 }
}
