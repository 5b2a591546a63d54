-- Refreshes with rotation: each token is used once, then its successor. Arguments: a file of refresh
-- tokens, wrk's threads.
require("common")
require("supply")

function init(args)
    for _, token in ipairs(my_lines(args[1], tonumber(args[2]))) do put(token) end
end

function request()
    return refresh(take())
end

function response(status, headers, body)
    put_successor(body)
end
