-- Profile reads. Arguments: a file of access tokens, wrk's threads.
require("common")

function init(args)
    request = cycle(my_lines(args[1], tonumber(args[2])), profile)
end
