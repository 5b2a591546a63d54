-- Refreshes with rotation: each token is used once, then its successor. Arguments: a file of refresh
-- tokens, wrk's threads. A connection sends its next request after its answer, so that a thread with as
-- many tokens as connections, and one for the request that wrk makes only to look at it, never lacks one.
require("common")

local tokens, first, last = {}, 1, 0

local function put(token)
    last = last + 1
    tokens[last] = token
end

function init(args)
    for _, token in ipairs(my_lines(args[1], tonumber(args[2]))) do put(token) end
end

-- A lost token is a missing one later, which the server refuses: wrk counts that as an error.
function request()
    local token = tokens[first] or ""
    tokens[first] = nil
    if first <= last then first = first + 1 end
    return post("/user/login/refresh", string.format('{"old_refresh_token":"%s"}', token))
end

function response(status, headers, body)
    local successor = body:match('"refresh_token":"([^"]+)"')
    if successor then put(successor) end
end
