-- Quotes. Arguments: the file of member ids and the partner's key.
package.path = debug.getinfo(1, "S").source:match("@(.*/)") .. "?.lua;" .. package.path
local shop = require("shop")
local headers

function init(arguments)
  headers = shop.open(arguments[1], arguments[2])
end

function request()
  return wrk.format("POST", "/v1/partner/quotes", headers, shop.basket())
end

done = require("report")
