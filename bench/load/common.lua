-- What the load scripts share. wrk runs a script once in each of its threads, and `done` in its own.

local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

-- The lines of a file that are this thread's, of `count` threads.
function my_lines(path, count)
    local mine, number = {}, 0
    for line in io.lines(path) do
        if number % count == id then mine[#mine + 1] = line end
        number = number + 1
    end
    return mine
end

local function post(path, body)
    return wrk.format("POST", path, { ["Content-Type"] = "application/json" }, body)
end

function profile(token)
    return wrk.format("GET", "/user/me", { Authorization = "Bearer " .. token })
end

function refresh(token)
    return post("/user/login/refresh", string.format('{"old_refresh_token":"%s"}', token))
end

function login(name, password)
    return post("/user/login", string.format('{"username":"%s","password":"%s"}', name, password))
end

-- The requests that `make` makes of items, all made now, given in turn.
function cycle(items, make)
    local requests, last = {}, 0
    for number, item in ipairs(items) do requests[number] = make(item) end
    return function()
        last = last % #requests + 1
        return requests[last]
    end
end

-- Each of a new user, whose name begins with `prefix`.
function registrations(prefix, password)
    local last = 0
    return function()
        last = last + 1
        local name = string.format("%s-%d-%d", prefix, id, last)
        return post("/user/register",
            string.format('{"username":"%s","email":"%s@example.com","password":"%s"}', name, name, password))
    end
end

-- One line for bench/driver/load.py. wrk counts in microseconds.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"done":%d,"per_second":%.3f,"p50_ms":%.4f,"p99_ms":%.4f,"errors":%d}\n',
        summary.requests, summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
