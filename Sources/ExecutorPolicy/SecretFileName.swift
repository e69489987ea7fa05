/// Names of files and directories that hold keys, passwords or tokens.
enum SecretFileName {
    /// Copies count as what they are copies of: `server.key.bak`, `.env~`, `id_rsa.1.gz`.
    static func matches(_ name: String) -> Bool {
        let name = ASCII.lowercased(name)
        return matchesItself(name) || matchesItself(withoutCopySuffixes(name))
    }

    private static func matchesItself(_ name: String) -> Bool {
        exact.contains(name) || beginnings.contains { name.hasPrefix($0) } || endings.contains { name.hasSuffix($0) }
            || parts.contains { name.contains($0) }
    }

    private static func withoutCopySuffixes(_ name: String) -> String {
        var name = name[...]
        while let shorter = withoutCopySuffix(name) { name = shorter }
        return String(name)
    }

    private static func withoutCopySuffix(_ name: Substring) -> Substring? {
        if let suffix = copySuffixes.first(where: { name.hasSuffix($0) }), name.utf8.count > suffix.utf8.count {
            return name.dropLast(suffix.count)
        }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.last != ".",
            name[name.index(after: dot)...].utf8.allSatisfy(ASCII.isDigit)
        else { return nil }
        return name[..<dot]
    }

    private static let copySuffixes = [
        "~", ".backup", ".bak", ".bz2", ".copy", ".dpkg-dist", ".dpkg-old", ".gz", ".old", ".orig", ".save", ".swo",
        ".swp", ".tmp", ".xz", ".zst",
    ]
    private static let exact: Set<String> = [
        ".aws", ".docker", ".dockercfg", ".git-credentials", ".gnupg", ".kube", ".my.cnf", ".netrc", ".npmrc",
        ".password-store", ".pgpass", ".pypirc", ".ssh", ".vault-token", "admin.conf", "autoinstall-user-data", "btmp",
        "credstore", "credstore.encrypted", "debian.cnf", "gshadow", "gshadow-", "keyrings", "keytab", "kubeconfig",
        "opasswd", "private", "security", "shadow", "shadow-", "ssl-cert-snakeoil.key", "sudoers", "sudoers.d",
        "system-connections", "token", "tokens", "user-data.txt", "wireguard", "wpa_supplicant",
    ]
    private static let beginnings = [
        ".env", "devops-agent", "devops-executor", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", "shadow.", "ssh_host_",
    ]
    private static let endings = [
        ".asc", ".env", ".gpg", ".htpasswd", ".jks", ".kdb", ".kdbx", ".key", ".keytab", ".ovpn", ".p12", ".p8", ".pem",
        ".pfx", ".pkcs12", ".ppk", ".token", "-token", "_ecdsa", "_ed25519", "_history", "_key", "_rsa", "_token",
    ]
    private static let parts = [
        "api-key", "api_key", "apikey", "credential", "passphrase", "password", "private-key", "private_key", "privkey",
        "secret",
    ]
}
