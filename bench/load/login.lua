-- Logins with good passwords. Arguments: a file of usernames, wrk's threads, the users' password.
require("common")

function init(args)
    request = cycle(my_lines(args[1], tonumber(args[2])), function(name) return login(name, args[3]) end)
end
