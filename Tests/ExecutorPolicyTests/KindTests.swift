import ExecutorAPI
import ExecutorPolicy
import Testing

@Suite("What one argument may be")
struct KindTests {
    private func refusal(_ kind: String, _ text: String) throws -> Refusal? {
        let policy = try Fixture.policy(
            #"{"a": [{"command": "/bin/x {\#(kind)}", "effect": "read"}]}"#,
            settings: #"{"url_ports": ["1-65535"], "url_private_ranges": true}"#)
        return policy.judge(line: CommandLine.render(["/bin/x", text])).refusal
    }

    @Test(
        "what is not of the kind is refused",
        arguments: [
            (
                "unit",
                ["", "-H", "a/b", "../x", "ng*nx", "a b", #"a\x2db"#, "@x", ".x", String(repeating: "a", count: 256)]
            ),
            ("container", ["", "-f", ".x", "a/b", "a:b", "a b", "a@b", String(repeating: "a", count: 129)]),
            (
                "host",
                [
                    "", "-x", "a..b", "a..", ".", "127.0.0.1.", "0x7f.1.", "-a.b", "a-.b", "127.1", "0x7f.0.0.1",
                    "2130706433", "a b", "@b", "+x", "a/b", "-0::1", "-0:0:0:0:0:0:0:1", "-000::", "1.2.3.4::",
                ]
            ),
            ("count", ["", "0", "-1", "+1", "01", "1e3", "10001", "99999999999999999999", "1 ", "0x1"]),
            (
                "duration",
                ["", "1", "-1h", "h", "1y", "1h;", "1.5h", "1234567s", "1h ", "1h 30m", "1h1h1h1h1h", "1h-f"]
            ),
            (
                "time",
                [
                    "", "-1h", "1h", "ago", " ago", "1 ago", "1 hour", "1  hour ago", "1 hour  ago", "-1 hour ago",
                    "1 eon ago", "1234567 days ago", "2026-1-1", "2026-01-01 ", "@0", "2026-01-01 10:00 x", "10",
                    "1 hour ago -f", "--file=x", "today;", "Today",
                ]
            ),
            ("word", ["", "-x", ".x", "a/b", "a b", "a=b", "a,b", "$x"]),
            ("path", ["", "etc", "-", "/", "/root", "/etcx", "/etc/../root", "/varx/log", "/proc/1", "/home/a", "~"]),
            (
                "url",
                [
                    "", "x", "ftp://a/", "file:///etc/hosts", "HTTP://a/", "http:/a", "http:///x", "http://u@a/",
                    "http://u:p@a/", "http://a#b", "http://a/#b", "http://a/{b}", "http://a/[1-2]", "http://a b/",
                    "http://a:0/", "http://a:65536/", "http://a:08/", "http://a:/", "http://a:1:2/", "http://a./",
                    "http://127.1/", "http://0177.0.0.1/", "http://0x7f000001/", "http://2130706433/", "http://[::1/",
                    "http://[a]/", "http://[::1]x/", "http://%61/", "http://a\\b/", "gopher://a/", "dict://a/",
                ]
            ),
        ])
    func mismatches(_ kind: String, _ texts: [String]) throws {
        for text in texts { #expect(try refusal(kind, text) != nil, "\(kind) \(text)") }
    }

    @Test(
        "addresses nothing may reach are refused in every spelling that is an address",
        arguments: [
            "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
            "192.0.0.192", "::", "fe80::1", "fec0::1", "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::",
            "2001:0:1::1", "metadata.google.internal", "METADATA.goog", "::ffff:0:169.254.169.254",
            "2001:db8::5efe:169.254.169.254", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "a.nip.io", "LVH.me",
            "metadata.tencentyun.com",
        ])
    func forbidden(_ host: String) throws {
        #expect(try refusal("host", host)?.rule == "protected/address")
        let name = host.contains(":") ? "[\(host)]" : host
        #expect(try refusal("url", "http://\(name)/")?.rule == "protected/address")
    }

    @Test("a resolved address has the scope of its bytes; other lengths are no addresses")
    func bytes() {
        #expect(InternetAddress(bytes: [169, 254, 169, 254])?.scope == .forbidden)
        #expect(InternetAddress(bytes: [127, 0, 0, 1])?.scope == .loopback)
        #expect(InternetAddress(bytes: [172, 31, 0, 1])?.scope == .privateRange)
        #expect(InternetAddress(bytes: [172, 32, 0, 1])?.scope == .global)
        #expect(InternetAddress("fd12::1")?.scope == .privateRange)
        #expect(InternetAddress("1:2:3:4:5:6:7:8")?.scope == .global)
        #expect(InternetAddress("::1.2.3.4") == InternetAddress("0:0:0:0:0:0:1.2.3.4"))
        #expect(InternetAddress(bytes: [1, 2, 3]) == nil && InternetAddress(bytes: []) == nil)
        for text in [
            "1:2:3", "1::2::3", ":::", "12345::", "1:2:3:4:5:6:7:8:9", "g::", "::1.2.3", "+1::", "1.2.3", "::1%lo",
            "-0::1", "::-0", "::+1", "1.2.3.4::", "1:1.2.3.4:2:3:4:5:6",
        ] {
            #expect(InternetAddress(text) == nil, "\(text)")
        }
    }

    @Test(
        "files that may hold secrets are refused by name, whether or not they exist",
        arguments: [
            "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/ssh/ssh_host_rsa_key", "/etc/ssl/private",
            "/etc/ssl/private/x", "/srv/app/.env", "/srv/app/.env.production", "/srv/app/prod.env", "/opt/a/id_rsa",
            "/opt/a/ID_ED25519", "/etc/devops-executor", "/etc/devops-agent/agent.env", "/var/lib/devops-agent/x",
            "/var/log/devops-executor/audit/000001.jsonl", "/var/lib/a/.ssh", "/srv/x/server.key", "/etc/sudoers",
            "/etc/sudoers.d/x", "/srv/./app//.env", "/srv/app/.git-credentials", "/opt/x/wallet.kdbx",
            "/etc/security/access.conf", "/opt/a/server.key.bak", "/opt/a/.env~", "/opt/a/id_rsa.1.gz",
            "/opt/a/db_password.txt",
            "/opt/a/client-secret.json", "/opt/a/.bash_history", "/var/log/btmp.1", "/var/log/installer/passwords.dat",
            "/opt/a/x.pem.old", "/opt/a/github.token", "/etc/kubernetes/admin.conf",
            "/etc/NetworkManager/system-connections/wifi", "/var/lib/x/.aws/config",
        ])
    func secrets(_ path: String) throws {
        #expect(try refusal("path", path)?.rule == "protected/path")
        #expect(try !Fixture.policy(#"{"a": ["uptime"]}"#).couldRead(path))
    }

    @Test("of a file that a rule could read more may be told; of no other, and of none where all is denied")
    func couldRead() throws {
        let policy = try Fixture.policy(#"{"a": ["uptime"]}"#, settings: #"{"readable_roots": ["/etc"]}"#)
        #expect(policy.couldRead("/etc/nginx/nginx.conf") && !policy.couldRead("/root/x") && !policy.couldRead("x"))
        #expect(!policy.couldRead("/etc/../root/x") && !Policy.denyAll(because: "x").couldRead("/etc/hosts"))
    }

    @Test(
        "what is of the kind is taken",
        arguments: [
            ("unit", ["nginx", "nginx.service", "getty@tty1.service", "php8.2-fpm", "a_b", "dev:x.timer", "_x"]),
            ("container", ["web", "my_app-1.x", "4f66ad9a0b2e", "A"]),
            (
                "host",
                [
                    "localhost", "example.com", "example.com.", "a_b.c", "8.8.8.8", "10.0.0.1", "::1",
                    "2606:4700::1111", "x.xn--p1ai",
                ]
            ),
            ("count", ["1", "10", "10000"]),
            ("duration", ["1s", "90s", "15m", "5min", "2h", "7d", "1w", "1h30m", "1d2h3m4s"]),
            (
                "time",
                [
                    "today", "yesterday", "now", "1 hour ago", "90 min ago", "1h30m ago", "2 days 3 hours ago",
                    "2026-01-31", "2026-01-31 12:00", "2026-01-31 12:00:59", "2026-01-31T12:00:59Z", "09:30",
                    "09:30:00",
                ]
            ),
            ("word", ["web", "a.b_c-d:e@f", "1"]),
            ("path", ["/etc", "/etc/nginx", "/var/log/", "/srv/./a//b", "/opt/a b"]),
            (
                "url",
                [
                    "http://a", "https://a/", "http://a?b=c", "http://a:8080/x/y?z=1&w=%20", "http://[::1]:80/",
                    "http://10.0.0.1/", "http://127.0.0.1:3000/", "https://example.com/~a/(b);c,d'!",
                ]
            ),
        ])
    func matches(_ kind: String, _ texts: [String]) throws {
        for text in texts { #expect(try refusal(kind, text) == nil, "\(kind) \(text)") }
    }

    @Test(
        "an address is granted in one canonical form",
        arguments: [
            ("http://LocalHost:80", "http://localhost/"), ("https://a:443/x", "https://a/x"),
            ("http://a?b", "http://a/?b"),
            ("https://a:80/", "https://a:80/"), ("http://[::1]:8080", "http://[::1]:8080/"),
        ])
    func canonicalURL(_ text: String, _ canonical: String) throws {
        let policy = try Fixture.policy(#"{"a": ["curl -s *"]}"#)
        #expect(policy.judge(line: CommandLine.render(["curl", "-s", text])).grant?.arguments.last?.text == canonical)
    }

    @Test("curl hears first what it may not do, and a time of the line's own comes after")
    func curlGuards() throws {
        let grant = try #require(Fixture.shipped().judge(line: "curl -s -m 5 http://localhost/").grant)
        let words = grant.arguments.map(\.text)
        #expect(words.prefix(4) == ["curl", "-q", "--globoff", "--noproxy"])
        #expect(words.suffix(4) == ["-s", "-m", "5", "http://localhost/"])
        for pair in [["--proto", "=http,https"], ["--max-redirs", "0"], ["--noproxy", "*"], ["--max-time", "20"]] {
            #expect(zip(words, words.dropFirst()).contains { [$0, $1] == pair })
        }
    }
}
