import Foundation
import StrictJSON
import TestSupport
import Testing

// nginx answers, and what it answers is the fault.
extension FaultTests {
    private static let folder = "/etc/nginx/test"

    /// What is at a port of nginx's, and how `verify_fix` names it; no code where all is well.
    private struct Site: Sendable {
        var port: Int
        var code: String?
        var words: String
        /// Of the server's block; without one it answers "ok".
        var location = "return 200 ok;"
        /// Whose certificate it shows.
        var certificate = "good"
    }

    private static let sites = [
        Site(port: 8441, code: nil, words: "200"),
        Site(port: 8442, code: "certificate_expired", words: "expired", certificate: "expired"),
        Site(port: 8443, code: "certificate_not_yet_valid", words: "not yet valid", certificate: "early"),
        Site(port: 8444, code: "certificate_name_mismatch", words: "localhost", certificate: "other"),
        Site(port: 8445, code: "certificate_self_signed", words: "self", certificate: "own"),
        Site(
            port: 8446, code: "connection_refused", words: "port 3999",
            location: "proxy_pass http://127.0.0.1:3999;"),
        Site(
            port: 8447, code: "redirect_loop", words: "redirect", location: "return 302 https://localhost:8447/again;"),
    ]

    /// An authority that the machine trusts, and certificates of every kind.
    private static let certificates = """
        set -e; rm -rf \(folder); mkdir -p \(folder); cd \(folder)
        key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        openssl req -x509 $key -keyout ca.key -out ca.crt -days 30 -subj '/CN=Test authority'
        printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\n' >ca.cnf
        printf 'policy=p\\ncopy_extensions=copy\\nunique_subject=no\\n[p]\\ncommonName=supplied\\n' >>ca.cnf
        : >index; echo 01 >serial
        make() { # NAME HOST FROM UNTIL
            openssl req $key -keyout $1.key -out $1.csr -subj "/CN=$2" -addext "subjectAltName=DNS:$2"
            openssl ca -batch -notext -config ca.cnf -cert ca.crt -keyfile ca.key -in $1.csr -out $1.crt \
                -startdate $3 -enddate $4
        }
        make good localhost 20200101000000Z 20400101000000Z
        make expired localhost 20200101000000Z 20210101000000Z
        make early localhost 20390101000000Z 20400101000000Z
        make other other.example 20200101000000Z 20400101000000Z
        openssl req -x509 $key -keyout own.key -out own.crt -days 30 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost
        cp ca.crt /usr/local/share/ca-certificates/test-authority.crt; update-ca-certificates
        """

    private static let blocks = sites.map { site in
        """
        server { listen \(site.port) ssl; server_name localhost;
            ssl_certificate \(folder)/\(site.certificate).crt; ssl_certificate_key \(folder)/\(site.certificate).key;
            location / { \(site.location) } }
        """
    }.joined(separator: "\n")

    @Test("a site's certificate, its dead upstream and its circle of redirects are each named by verify_fix")
    func webServer() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let made = try await guest.shell(
            """
            \(Self.certificates)
            cat >/etc/nginx/conf.d/test.conf <<'EOF'
            \(Self.blocks)
            EOF
            systemctl stop apache2; systemctl restart nginx
            """)
        try #require(made.status == 0, "\(made.text)")
        for site in Self.sites {
            let outcome = try await guest.ctl(
                "--json call verify_fix service=nginx test_url=https://localhost:\(site.port)/")
            let answer = try JSONValue(parsing: Array(outcome.text.utf8))
            let metadata = answer["metadata"]
            let found = metadata?["findings"]?.arrayValue ?? []
            #expect(metadata?["verified"] == .bool(site.code == nil), "\(site.port): \(outcome.text)")
            #expect(answer["output"]?.stringValue?.contains(site.words) == true, "\(site.port): \(outcome.text)")
            let named = found.first { $0["code"]?.stringValue == site.code }
            #expect(site.code == nil ? found.isEmpty : named != nil, "\(site.port): \(outcome.text)")
            if site.code != nil {
                #expect(named?["text"]?.stringValue?.contains(site.words) == true, "\(site.port): \(outcome.text)")
            }
        }
        try await guest.shell(
            """
            rm -r \(Self.folder) /etc/nginx/conf.d/test.conf /usr/local/share/ca-certificates/test-authority.crt
            update-ca-certificates --fresh; systemctl restart nginx
            """)
    }
}
