-- Registrations of new users. Arguments: what their names begin with, a password.
require("common")

function init(args)
    request = registrations(args[1], args[2])
end
