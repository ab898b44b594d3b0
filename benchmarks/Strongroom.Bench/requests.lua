-- wrk script: sends the requests of a file, which were made and signed beforehand.
-- Arguments: file, number of threads, "once" or "again". The file holds, for each request, its length in 8 digits and its bytes.
local threads = {}

function setup(thread)
  thread:set("id", #threads)
  threads[#threads + 1] = thread
end

function init(args)
  local count, once = tonumber(args[2]), args[3] == "once"
  requests, sent, exhausted = {}, 0, 0
  local file = assert(io.open(args[1], "rb"))
  local number = 0
  while true do
    local head = file:read(8)
    if not head then break end
    local request = file:read(tonumber(head))
    -- Sent once only: each thread has its own. Otherwise all have all, and begin at different ones.
    if not once or number % count == id then requests[#requests + 1] = request end
    number = number + 1
  end
  file:close()
  only_once = once
  position = once and 0 or math.floor(#requests * id / count)
end

function request()
  position = position + 1
  if position > #requests then
    position = 1
    if only_once then exhausted = 1 end
  end
  return requests[position]
end

function done(summary, latency, _)
  local out = 0
  for _, thread in ipairs(threads) do out = out + thread:get("exhausted") end
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout, out))
end
