import Glibc

/// A thread that belongs to nobody and ends with its body.
///
/// The executor serves each connection, and each call in flight, on one: few peers, blocking reads,
/// no event loop in the trusted base.
package enum BackgroundThread {
    /// - Parameter name: Shown by `ps -L`; the kernel keeps 15 bytes of it.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SocketError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let result = pthread_create(
            &thread, &attributes,
            { @Sendable context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                pthread_setname_np(pthread_self(), String(decoding: start.name.utf8.prefix(15), as: UTF8.self))
                start.body()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            throw SocketError(.io, "No thread could be started: \(SocketError.describe(result)).")
        }
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
    }
}
