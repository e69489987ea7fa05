import StrictJSON

/// Why a unit is not as it should be: a cause with a name, in one sentence.
struct UnitFinding: Sendable, Hashable {
    enum Code: String, Sendable, Hashable, CaseIterable {
        case assertFailed = "assert_failed"
        case badConfiguration = "bad_configuration"
        case badPermissions = "bad_permissions"
        case badUnitFile = "bad_unit_file"
        case certificateExpired = "certificate_expired"
        case certificateInvalid = "certificate_invalid"
        case certificateNameMismatch = "certificate_name_mismatch"
        case certificateNotYetValid = "certificate_not_yet_valid"
        case certificateSelfSigned = "certificate_self_signed"
        case conditionFailed = "condition_failed"
        case conflict
        case connectionBroken = "connection_broken"
        case connectionRefused = "connection_refused"
        case containerExists = "container_exists"
        case crashLoop = "crash_loop"
        case dependencyCycle = "dependency_cycle"
        case diskFull = "disk_full"
        /// It came to its end by itself, without an error.
        case ended
        /// It ended with an error that nothing here knows by name.
        case exited
        case fileSizeLimit = "file_size_limit"
        case httpError = "http_error"
        /// It runs, and something of its unit file does not hold.
        case ignoredSetting = "ignored_setting"
        case ioError = "io_error"
        case keyMismatch = "key_mismatch"
        case killed
        /// Another process holds what only one may have.
        case locked
        case loginRefused = "login_refused"
        case masked
        case missingDependency = "missing_dependency"
        case missingDirectory = "missing_directory"
        case missingExecutable = "missing_executable"
        case missingFile = "missing_file"
        case missingImage = "missing_image"
        case missingLibrary = "missing_library"
        case missingModule = "missing_module"
        case missingUser = "missing_user"
        case mountFailed = "mount_failed"
        case nameNotResolved = "name_not_resolved"
        case notReady = "not_ready"
        case oomKill = "oom_kill"
        case outOfMemory = "out_of_memory"
        case permissionDenied = "permission_denied"
        case portTaken = "port_taken"
        case processLimit = "process_limit"
        case readOnlyFileSystem = "read_only_file_system"
        case redirectLoop = "redirect_loop"
        case setUpFailed = "setup_failed"
        /// AppArmor or SELinux.
        case securityPolicy = "security_policy"
        case startCheckFailed = "start_check_failed"
        case startLimit = "start_limit"
        case timeout
        case unreachable
        case tlsFailed = "tls_failed"
        case tooManyFiles = "open_files_limit"
        case triggeredFailed = "triggered_unit_failed"
        case watchdog
    }

    let code: Code
    /// What it is, with the line of the log or the setting that shows it.
    let text: String

    init(_ code: Code, _ text: String) { (self.code, self.text) = (code, text) }

    /// What does not keep it from running is a note, and no cause.
    var line: String { "\(code == .ignoredSetting ? "Note" : "Cause"): \(text)" }

    var json: JSONValue { ["code": .string(code.rawValue), "text": .string(text)] }
}
