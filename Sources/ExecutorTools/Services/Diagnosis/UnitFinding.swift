import StrictJSON

/// Why a unit is not as it should be: a cause with a name, in one sentence.
struct UnitFinding: Sendable, Hashable {
    enum Code: String, Sendable, Hashable, CaseIterable {
        case assertFailed = "assert_failed"
        case badConfiguration = "bad_configuration"
        case badUnitFile = "bad_unit_file"
        case conditionFailed = "condition_failed"
        case crashLoop = "crash_loop"
        case diskFull = "disk_full"
        case missingDependency = "missing_dependency"
        case missingExecutable = "missing_executable"
        case missingFile = "missing_file"
        case missingUser = "missing_user"
        case masked
        case oomKill = "oom_kill"
        case permissionDenied = "permission_denied"
        case portTaken = "port_taken"
        case readOnlyFileSystem = "read_only_file_system"
        case startCheckFailed = "start_check_failed"
        case startLimit = "start_limit"
        case timeout
        case watchdog
    }

    let code: Code
    /// What it is, with the line of the log or the setting that shows it.
    let text: String

    init(_ code: Code, _ text: String) { (self.code, self.text) = (code, text) }

    var json: JSONValue { ["code": .string(code.rawValue), "text": .string(text)] }
}
