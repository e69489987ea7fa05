extension LogSign {
    /// What it means, by the line alone: of a container's log nothing else is known.
    var sentence: String {
        let path = path.map { ": \($0)" } ?? ""
        let subject = subject.map { ": \($0)" } ?? ""
        let address = address.map { ": \($0)" } ?? ""
        switch code {
        case .portTaken: return port.map { "Port \($0) is taken." } ?? "A port it wants is taken."
        case .permissionDenied: return "Permission denied\(path)."
        case .badPermissions: return "The permissions of a file are not those it insists on\(path)."
        case .securityPolicy: return "AppArmor or SELinux forbids it something."
        case .diskFull: return "A disk is full\(path)."
        case .readOnlyFileSystem: return "A file system is read-only\(path)."
        case .fileSizeLimit: return "It wrote a file larger than it may (LimitFSIZE=)\(path)."
        case .missingFile: return "A file is missing\(path)."
        case .missingLibrary: return "A shared library that its program needs is missing\(subject)."
        case .missingModule: return "A module that its program needs is not installed\(subject)."
        case .missingExecutable: return "A program that it calls is missing or cannot be run\(subject)."
        case .missingImage: return "The image of its container is not here and could not be fetched\(subject)."
        case .containerExists: return "A container of its name is there already (docker_ps shows it)."
        case .nameNotResolved: return "A host's name cannot be resolved (DNS)\(subject)."
        case .connectionRefused: return "What it connects to refuses the connection\(address)."
        case .connectionBroken: return "What it connects to breaks the connection off\(address)."
        case .timeout: return "What it connects to does not answer in time\(address)."
        case .unreachable: return "What it connects to cannot be reached over the network\(address)."
        case .locked: return "Another process holds a lock that it wants, or it runs already."
        case .tooManyFiles: return "It has as many files open as it may."
        case .processLimit: return "It could not make another process or thread."
        case .outOfMemory: return "It got no more memory."
        case .ioError: return "A disk or file system does not work (input/output error)\(path)."
        case .loginRefused: return "What it connects to refuses its user or password."
        case .certificateExpired: return "A certificate has expired\(path)."
        case .certificateInvalid: return "A certificate is not accepted\(path)."
        case .keyMismatch: return "A private key does not belong to its certificate\(path)."
        default: return "Its configuration is not accepted\(path)."
        }
    }
}
