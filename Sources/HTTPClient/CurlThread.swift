import CCurl
import Foundation
import Synchronization

/// libcurl's multi interface on one thread; everyone else talks to it by messages.
final class CurlThread: Sendable {
    enum Message: Sendable {
        case start(Transfer)
        case resume(Int)
        case cancel(Int)
        case stop
    }

    private let channel: Channel

    init() {
        channel = Channel()
        Thread.detachNewThread { [channel] in
            var loop = CurlLoop(multi: channel.multi)
            loop.run { channel.take() }
            curl_multi_cleanup(channel.multi)
        }
    }

    deinit { send(.stop) }

    func send(_ message: Message) { channel.send(message) }

    /// The message box, and the handle that wakes the thread.
    private final class Channel: Sendable {
        // `curl_multi_wakeup` may be called from any thread (its manual page); all else only from the loop's.
        nonisolated(unsafe) let multi: UnsafeMutableRawPointer
        private let state = Mutex<(messages: [Message], isOpen: Bool)>(([], true))

        private static let initialised: CURLcode = curl_global_init(Int(CURL_GLOBAL_ALL))

        init() {
            guard Self.initialised == CURLE_OK, let multi = curl_multi_init() else {
                // Only a machine without memory gets here.
                preconditionFailure("libcurl could not be initialised.")
            }
            self.multi = multi
        }

        func send(_ message: Message) {
            state.withLock { state in
                guard state.isOpen else { return }
                state.messages.append(message)
                if case .stop = message { state.isOpen = false }
                curl_multi_wakeup(multi)
            }
        }

        func take() -> [Message] {
            state.withLock { state in
                defer { state.messages = [] }
                return state.messages
            }
        }
    }
}

/// What runs on the thread: starts, moves and ends transfers.
private struct CurlLoop {
    private static let longestWait: Int32 = 60_000

    let multi: UnsafeMutableRawPointer
    private var easies: [Int: EasyHandle] = [:]

    init(multi: UnsafeMutableRawPointer) { self.multi = multi }

    mutating func run(_ take: () -> [CurlThread.Message]) {
        while true {
            for message in take() {
                switch message {
                case .start(let transfer): start(transfer)
                case .resume(let id): easies[id]?.resume()
                case .cancel(let id):
                    end(id, HTTPError(.cancelled, "The request was cancelled.", mayHaveBeenSent: true))
                case .stop:
                    for id in easies.keys {
                        end(id, HTTPError(.cancelled, "The client was closed.", mayHaveBeenSent: true))
                    }
                    return
                }
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            takeEnded()
            curl_multi_poll(multi, nil, 0, endSilent(), nil)
        }
    }

    private mutating func start(_ transfer: Transfer) {
        do throws(HTTPError) {
            let easy = try EasyHandle(transfer)
            curl_multi_add_handle(multi, easy.handle)
            easies[transfer.id] = easy
        } catch {
            transfer.finish(error)
        }
    }

    private mutating func takeEnded() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let id = EasyHandle.id(of: handle), let easy = easies[id]
            else { continue }
            end(id, easy.error(for: ccurl_result(message)))
        }
    }

    /// Ends what has been silent for too long.
    ///
    /// - Returns: the milliseconds after which the next may have been.
    private mutating func endSilent() -> Int32 {
        let now = ContinuousClock.now
        var next = Int(Self.longestWait)
        for (id, easy) in easies {
            guard let rest = easy.remainingSilence(at: now) else { continue }
            if rest > .zero {
                next = min(next, rest.milliseconds + 1)
            } else {
                end(id, HTTPError(.timeout, "The server was silent for too long.", mayHaveBeenSent: true))
            }
        }
        return Int32(next)
    }

    private mutating func end(_ id: Int, _ error: HTTPError?) {
        guard let easy = easies.removeValue(forKey: id) else { return }
        curl_multi_remove_handle(multi, easy.handle)
        easy.transfer.finish(error)
    }
}
