-- Purchases. Arguments: the file of member ids, the partner's key, a tag that no run had before.
package.path = debug.getinfo(1, "S").source:match("@(.*/)") .. "?.lua;" .. package.path
local shop = require("shop")
local headers, tag, sent = nil, "", 0

function init(arguments)
  headers, tag = shop.open(arguments[1], arguments[2]), arguments[3]
end

function request()
  sent = sent + 1
  local receipt = tag .. "-" .. sent
  headers["Idempotency-Key"] = receipt
  return wrk.format("POST", "/v1/partner/transactions", headers, shop.basket(receipt))
end

done = require("report")
