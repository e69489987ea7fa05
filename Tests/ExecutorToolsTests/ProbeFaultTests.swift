import ExecutorRunner
import Testing

@testable import ExecutorTools

/// What curl 7.88 said of nginx with each of these certificates, and of a port without TLS.
@Suite("verify_fix: certificates")
struct ProbeFaultTests {
    @Test(
        "each fault of a certificate has its sentence and its code",
        arguments: [
            (60, "SSL certificate problem: certificate has expired", .certificateExpired, "has expired"),
            (60, "SSL certificate problem: certificate is not yet valid", .certificateNotYetValid, "is not valid yet"),
            (
                60, "SSL: no alternative certificate subject name matches target host name 'localhost'",
                .certificateNameMismatch, "is for another name"
            ),
            (60, "SSL certificate problem: self-signed certificate", .certificateSelfSigned, "is self-signed"),
            (
                60, "SSL certificate problem: self-signed certificate in certificate chain", .certificateInvalid,
                "is not valid"
            ),
            (
                60, "SSL certificate problem: unable to get local issuer certificate", .certificateInvalid,
                "is not valid"
            ),
            (35, "OpenSSL/3.0.20: error:0A00010B:SSL routines::wrong version number", .tlsFailed, "speaks no TLS"),
        ] as [(Int32, String, UnitFinding.Code, String)])
    func fault(_ exit: Int32, _ said: String, _ code: UnitFinding.Code, _ words: String) {
        let run = RunResult(
            termination: .exited(exit), ending: .itself, output: "000 0.05 \n\(said)\n", outputBytes: 9,
            isOutputCut: false, maskedSecrets: 0, duration: .zero, cpuTime: .zero, peakMemoryBytes: 0, processID: 2)
        let finding = ProbeAnswer(run).finding("https://localhost/")
        #expect(finding?.code == code && finding?.text.contains(words) == true, "\(String(describing: finding))")
    }
}
