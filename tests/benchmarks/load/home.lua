-- The first screen. The argument is a file of lines "token" or "token etag"; with a tag the
-- request is conditional and answered 304.
package.path = debug.getinfo(1, "S").source:match("@(.*/)") .. "?.lua;" .. package.path
local requests, at = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local token, tag = line:match("^(%S+)%s*(%S*)$")
    local headers = { ["Authorization"] = "Bearer " .. token }
    if tag ~= "" then headers["If-None-Match"] = tag end
    requests[#requests + 1] = wrk.format("GET", "/v1/me/home", headers)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

done = require("report")
