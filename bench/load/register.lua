-- Registrations of new users. Arguments: what their names begin with, a password.
require("common")

local prefix, password, last

function init(args)
    prefix, password, last = args[1], args[2], 0
end

function request()
    last = last + 1
    local name = string.format("%s-%d-%d", prefix, id, last)
    return post("/user/register",
        string.format('{"username":"%s","email":"%s@example.com","password":"%s"}', name, name, password))
end
