package import StrictJSON

/// The id of a request: a string or a whole number (JSON-RPC 2.0, section 4; MCP forbids null).
package enum RequestID: Sendable, Hashable {
    case integer(Int64)
    case string(String)

    package init?(_ json: JSONValue) {
        switch json {
        case .integer(let value): self = .integer(value)
        case .string(let value): self = .string(value)
        default: return nil
        }
    }

    package var json: JSONValue {
        switch self {
        case .integer(let value): .integer(value)
        case .string(let value): .string(value)
        }
    }
}

/// A JSON-RPC error: for broken messages. A tool that failed, or was refused, is a result.
package struct RPCError: Error, Sendable, Equatable {
    package var code: Int
    /// One sentence for a person.
    package var message: String
    package var data: JSONValue?

    package init(code: Int, message: String, data: JSONValue? = nil) {
        (self.code, self.message, self.data) = (code, message, data)
    }

    // JSON-RPC 2.0, section 5.1.
    package static func parse(_ message: String) -> RPCError { RPCError(code: -32700, message: message) }
    package static func invalidRequest(_ message: String) -> RPCError { RPCError(code: -32600, message: message) }
    package static func methodNotFound(_ message: String) -> RPCError { RPCError(code: -32601, message: message) }
    package static func invalidParams(_ message: String) -> RPCError { RPCError(code: -32602, message: message) }
    package static func internalError(_ message: String) -> RPCError { RPCError(code: -32603, message: message) }
}

/// One JSON-RPC 2.0 message.
package enum RPCMessage: Sendable, Equatable {
    case request(id: RequestID, method: String, params: JSONValue)
    case notification(method: String, params: JSONValue)
    case result(id: RequestID, JSONValue)
    case error(id: RequestID?, RPCError)
}

extension RPCMessage {
    /// Reads a message from one parsed line; throws the error that answers a bad one.
    package init(json: JSONValue) throws(RPCError) {
        guard case .object(let members) = json else {
            throw .invalidRequest("A message is one JSON object; arrays (batches) are not accepted.")
        }
        guard members["jsonrpc"] == "2.0" else {
            throw .invalidRequest("A message has \"jsonrpc\": \"2.0\".")
        }
        var id: RequestID?
        if let json = members["id"], !(json.isNull && members["error"] != nil) {
            guard let known = RequestID(json) else {
                throw .invalidRequest("An id is a string or a whole number.")
            }
            id = known
        }
        if let method = members["method"] {
            guard let method = method.stringValue else { throw .invalidRequest("A method is a string.") }
            let params = members["params"] ?? .object([:])
            guard params.objectValue != nil else { throw .invalidRequest("The params are a JSON object.") }
            self =
                id.map { .request(id: $0, method: method, params: params) }
                ?? .notification(method: method, params: params)
        } else if let result = members["result"], let id {
            self = .result(id: id, result)
        } else if let error = members["error"], let code = error["code"]?.intValue {
            let message = error["message"]?.stringValue ?? ""
            self = .error(id: id, RPCError(code: code, message: message, data: error["data"]))
        } else {
            throw .invalidRequest("A message has a method, or an id with a result or an error.")
        }
    }

    package var json: JSONValue {
        switch self {
        case .request(let id, let method, let params):
            ["jsonrpc": "2.0", "id": id.json, "method": .string(method), "params": params]
        case .notification(let method, let params):
            ["jsonrpc": "2.0", "method": .string(method), "params": params]
        case .result(let id, let result):
            ["jsonrpc": "2.0", "id": id.json, "result": result]
        case .error(let id, let error):
            .object(compacting: [
                "jsonrpc": "2.0", "id": id?.json,
                "error": .object(compacting: [
                    "code": JSONValue(error.code), "message": .string(error.message), "data": error.data,
                ]),
            ])
        }
    }
}
