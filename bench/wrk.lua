-- Drives wrk for bench/load.py and prints its counters as one line of JSON.
-- Arguments after `--`: body=FILE paths=FILE signed=FILE think_ms=NUMBER

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function with_path(line)
  return wrk.format(nil, line)
end

local function with_headers(line)
  local path, headers = line:match("^[^\t]+"), {}
  for name, value in line:gmatch("\t([^:\t]+): ([^\t]+)") do headers[name] = value end
  return wrk.format(nil, path, headers)
end

local function cycle(file, format)
  local requests, next_one = {}, 0
  for line in read(file):gmatch("[^\n]+") do
    requests[#requests + 1] = format(line)
  end
  function request()
    next_one = next_one % #requests + 1
    return requests[next_one]
  end
end

-- Each connection is one user who waits a random time, 2 × think_ms at most, between an answer
-- and the next request. wrk takes whole milliseconds: rounding at random keeps the mean.
local function think(mean_ms)
  function delay()
    return math.floor(math.random() * 2 * mean_ms + math.random())
  end
end

function init(args)
  local option = {}
  for _, argument in ipairs(args) do
    local name, value = argument:match("^([%w_]+)=(.*)$")
    option[name] = value
  end
  if option.body then
    wrk.method, wrk.body = "POST", read(option.body)
    wrk.headers["Content-Type"] = "application/json"
  end
  if option.paths then cycle(option.paths, with_path) end
  if option.signed then cycle(option.signed, with_headers) end
  if option.think_ms then think(tonumber(option.think_ms)) end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"duration_us":%d,"refused":%d,"broken":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
