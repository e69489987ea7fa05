// The words by which a line of a log is known.
extension LogSign {
    /// In the order in which they are looked for: nginx begins the lines of all its failures with `[emerg]`, and to
    /// load a library is to open a file. Those with a capital letter are found as they are written: the error numbers'
    /// names stand in other words too (ModuleNotFoundError).
    static let words: [(code: UnitFinding.Code, words: [String])] = [
        (.portTaken, ["address already in use", "port is already allocated", "EADDRINUSE"]),
        (.diskFull, ["no space left on device", "ENOSPC", "disk quota exceeded"]),
        (.readOnlyFileSystem, ["read-only file system", "EROFS"]),
        (.tooManyFiles, ["too many open files", "EMFILE", "ENFILE"]),
        (
            .processLimit,
            [
                "fork: retry", "cannot fork", "can't fork", "unable to fork", "fork() failed", "fork failed",
                "unable to create new native thread", "unable to create native thread", "can't start new thread",
                "pthread_create failed", "clone() failed",
            ]
        ),
        (.outOfMemory, ["cannot allocate memory", "out of memory", "outofmemoryerror", "ENOMEM"]),
        (.fileSizeLimit, ["file size limit exceeded", "file too large", "EFBIG"]),
        (.missingLibrary, ["error while loading shared libraries"]),
        (
            .missingModule,
            ["no module named", "cannot find module", "cannot load such file --", "Could not find or load main class"]
        ),
        (
            .missingExecutable,
            ["env: ‘", "env: '", "command not found", "executable file not found", "bad interpreter"]
        ),
        (
            .missingImage,
            ["unable to find image", "no such image", "pull access denied for", "manifest unknown", "image not known"]
        ),
        (.containerExists, ["the container name"]),
        (.keyMismatch, ["key values mismatch", "KEY_VALUES_MISMATCH", "private key does not match"]),
        (
            .nameNotResolved,
            [
                "could not resolve host", "host not found in upstream", "name or service not known",
                "temporary failure in name resolution", "nodename nor servname", "ENOTFOUND", "EAI_AGAIN",
                "could not translate host name", "unknown host", "no such host", "failed to resolve host",
                "could not be resolved", "bad address",
            ]
        ),
        (
            .connectionRefused,
            [
                "connection refused", "ECONNREFUSED", "cannot connect to the docker daemon",
                "couldn't connect to server", "can't connect to local",
            ]
        ),
        (.timeout, ["upstream timed out", "connection timed out", "ETIMEDOUT"]),
        (.unreachable, ["network is unreachable", "no route to host", "EHOSTUNREACH", "ENETUNREACH"]),
        (
            .connectionBroken,
            ["upstream prematurely closed connection", "connection reset by peer", "ECONNRESET", "no live upstreams"]
        ),
        (
            .loginRefused,
            ["password authentication failed", "access denied for user", "authentication failed", "wrongpass"]
        ),
        (.certificateExpired, ["certificate has expired", "certificate expired"]),
        (
            .certificateInvalid,
            [
                "certificate verify failed", "self-signed certificate", "self signed certificate",
                "certificate signed by unknown authority",
            ]
        ),
        (
            .badPermissions,
            ["has invalid permissions", "unprotected private key file", "bad permissions", "permissions are too open"]
        ),
        (.securityPolicy, ["selinux is preventing", "avc:  denied", "apparmor=\"DENIED\""]),
        (
            .locked,
            [
                "unable to lock ", "could not get lock", "another instance", "already running", "database is locked",
                "is another postmaster", "lock file already exists",
            ]
        ),
        (.permissionDenied, ["permission denied", "EACCES", "operation not permitted"]),
        (.ioError, ["input/output error"]),
        (
            .badConfiguration,
            [
                "syntax error", "unknown directive", "invalid configuration", "configuration error",
                "config error", "error in config", "parse error", "failed to parse", "could not parse", "cannot parse",
                "invalid option", "unknown option", "unrecognized option", "unknown variable", "bad configuration",
                "configtest failed", "not allowed here", "invalid command", "invalid value", "invalid number",
            ]
        ),
        (.missingFile, ["no such file or directory", "ENOENT"]),
        // Whatever else it is that nginx does not start for.
        (.badConfiguration, ["[emerg]"]),
    ]
}
