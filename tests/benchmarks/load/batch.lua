-- Batches. Arguments: the file of member ids, the key, a tag, and the purchases in a batch.
package.path = debug.getinfo(1, "S").source:match("@(.*/)") .. "?.lua;" .. package.path
local shop = require("shop")
local headers, tag, size, sent = nil, "", 0, 0

function init(arguments)
  headers = shop.open(arguments[1], arguments[2])
  tag, size = arguments[3], tonumber(arguments[4])
end

function request()
  sent = sent + 1
  local name, rows = tag .. "-" .. sent, {}
  for i = 1, size do rows[i] = shop.basket(name .. "-" .. i) end
  headers["Idempotency-Key"] = name
  local body = '{"transactions":[' .. table.concat(rows, ",") .. "]}"
  return wrk.format("POST", "/v1/partner/transaction-batches", headers, body)
end

done = require("report")
