-- What wrk runs: one operation over and over. An answer that is not as long as the one that was checked is a wrong one.
local requests = {}
function init()
  for authorization in (os.getenv("AUTHORIZATIONS") .. "\n"):gmatch("(.-)\n") do
    local headers = { ["Host"] = wrk.headers["Host"], ["content-type"] = "application/json" }
    if authorization ~= "" then
      headers["authorization"] = authorization
    end
    table.insert(requests, wrk.format("POST", nil, headers, os.getenv("BODY")))
  end
end

local turn = 0
function request()
  turn = turn % #requests + 1
  return requests[turn]
end

wrong = 0
local expected = tonumber(os.getenv("ANSWER_BYTES"))
function response(status, _, body)
  if status ~= 200 or #body ~= expected then
    wrong = wrong + 1
  end
end

local threads = {}
function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("wrong")
  end
  print(string.format(
    '{"requests": %d, "seconds": %.3f, "p50Ms": %.3f, "p99Ms": %.3f, "failed": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed
  ))
end
