-- Refresh tokens that each are used once. A connection sends its next request after its answer, so that a thread
-- with as many tokens as connections, and one for the request that wrk makes only to look at it, never lacks one.

local tokens, first, last = {}, 1, 0

function put(token)
    last = last + 1
    tokens[last] = token
end

function put_successor(body)
    local successor = body:match('"refresh_token":"([^"]+)"')
    if successor then put(successor) end
end

-- A lost token is a missing one later, which the server refuses: wrk counts that as an error.
function take()
    local token = tokens[first] or ""
    tokens[first] = nil
    if first <= last then first = first + 1 end
    return token
end
