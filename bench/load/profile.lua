-- Profile reads. Arguments: a file of access tokens, wrk's threads.
require("common")

local requests, last = {}, 0

function init(args)
    for _, token in ipairs(my_lines(args[1], tonumber(args[2]))) do
        requests[#requests + 1] = wrk.format("GET", "/user/me", { Authorization = "Bearer " .. token })
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end
