import Foundation
import StrictJSON
import Wire

/// What comes by the socket.
enum MessageFuzz {
    static let seeds: [[UInt8]] = [
        #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":"a","result":{"x":[1,-2.5e3,null]}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"\u00e9\ud83d\ude00"}}"#,
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m","data":{"k":true}}}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n{\"a\"\n\n[]\n",
    ].map { Array($0.utf8) }

    /// What is read is written the same way each time, and read again as the same value.
    static func json(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes) else { return }
        let written = value.encoded()
        require(!written.contains(0x0A), "a line break in a line")
        guard let again = try? JSONValue(parsing: written) else {
            fatalError("\(value) is written so that none reads it")
        }
        require(again == value && again.encoded() == written, "\(value) is read back as \(again)")
    }

    static func message(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes), let message = try? RPCMessage(json: value) else { return }
        require((try? RPCMessage(json: message.json)) == message, "\(message) does not survive writing")
    }

    /// As many answers as there are lines, however they come.
    static func lines(_ bytes: [UInt8]) {
        guard bytes.count < 32 << 10 else { return }  // what a pair of sockets takes at once
        var pair: [Int32] = [0, 0]
        require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0, "no sockets")
        require(write(pair[0], bytes, bytes.count) == bytes.count, "the sockets take less than they should")
        close(pair[0])
        var (answered, lost) = (0, 0)
        MessageConnection(descriptor: pair[1]).receive { incoming in
            switch incoming {
            case .message, .broken: answered += 1
            case .framingLost: lost += 1
            case .end: break
            }
        }
        var pieces = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let rest = pieces.removeLast()
        require(answered == pieces.count { !$0.isEmpty }, "\(answered) answers to \(pieces.count) lines")
        require(lost == (rest.isEmpty ? 0 : 1), "a line that was cut says something")
    }
}
