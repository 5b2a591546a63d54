-- Logins with good passwords. Arguments: a file of usernames, wrk's threads, the users' password.
require("common")

local requests, last = {}, 0

function init(args)
    for _, name in ipairs(my_lines(args[1], tonumber(args[2]))) do
        requests[#requests + 1] = post("/user/login",
            string.format('{"username":"%s","password":"%s"}', name, args[3]))
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end
