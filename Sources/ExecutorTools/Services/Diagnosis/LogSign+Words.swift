// The words by which a line of a log is known.
extension LogSign {
    /// In the order in which they are looked for: nginx begins the lines of all its failures with `[emerg]`, and to
    /// load a library is to open a file.
    static let words: [(code: UnitFinding.Code, words: [String])] = [
        (.portTaken, ["address already in use", "eaddrinuse"]),
        (.diskFull, ["no space left on device", "enospc", "disk quota exceeded"]),
        (.readOnlyFileSystem, ["read-only file system", "erofs"]),
        (.tooManyFiles, ["too many open files", "emfile", "enfile"]),
        (
            .processLimit,
            [
                "fork: retry", "cannot fork", "can't fork", "unable to fork", "fork() failed", "fork failed",
                "unable to create new native thread", "unable to create native thread", "can't start new thread",
                "pthread_create failed", "clone() failed",
            ]
        ),
        (.outOfMemory, ["cannot allocate memory", "out of memory", "outofmemoryerror", "enomem"]),
        (.missingLibrary, ["error while loading shared libraries"]),
        (
            .nameNotResolved,
            [
                "could not resolve host", "host not found in upstream", "name or service not known",
                "temporary failure in name resolution", "nodename nor servname", "enotfound", "eai_again",
                "could not translate host name", "unknown host", "no such host", "failed to resolve host",
            ]
        ),
        (
            .connectionRefused,
            ["connection refused", "econnrefused", "couldn't connect to server", "can't connect to local"]
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
        (.permissionDenied, ["permission denied", "eacces", "operation not permitted"]),
        (.ioError, ["input/output error"]),
        (
            .badConfiguration,
            [
                "syntax error", "unknown directive", "[emerg]", "invalid configuration", "configuration error",
                "config error", "error in config", "parse error", "failed to parse", "could not parse", "cannot parse",
                "invalid option", "unknown option", "unrecognized option", "unknown variable", "bad configuration",
                "configtest failed", "not allowed here", "invalid command", "invalid value", "invalid number",
            ]
        ),
        (.missingFile, ["no such file or directory", "enoent"]),
    ]
}
