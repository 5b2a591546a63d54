-- A mixed day. Arguments: wrk's threads; files of the order of kinds, access tokens, refresh tokens and usernames;
-- what new users' names begin with; everyone's password. Each refresh token is used once, its successor later, as in
-- refresh.lua; a login's refresh token joins them.
require("common")
require("supply")

local kinds, position = {}, 0
local make = {}

function init(args)
    local count, password = tonumber(args[1]), args[7]
    for line in io.lines(args[2]) do kinds[#kinds + 1] = line end
    -- Else all threads would come to what is costly at the same time.
    position = math.floor(#kinds * id / count)
    for _, token in ipairs(my_lines(args[4], count)) do put(token) end
    make.profile = cycle(my_lines(args[3], count), profile)
    make.refresh = function() return refresh(take()) end
    make.login = cycle(my_lines(args[5], count), function(name) return login(name, password) end)
    make.register = registrations(args[6], password)
end

function request()
    position = position % #kinds + 1
    return make[kinds[position]]()
end

function response(status, headers, body)
    put_successor(body)
end
