-- What the scripts for tills share: members to choose from, and baskets as JSON.
local shop = {}
local money = '{"amount_minor":%d,"currency":"EUR"}'
local basket = '{"member_id":"%s",%s"total":' .. money .. ',"lines":['
  .. '{"sku":"coffee-250","category":"coffee","quantity":2,"amount":' .. money .. "},"
  .. '{"sku":"book-17","category":"books","amount":' .. money .. "},"
  .. '{"sku":"bread","category":"bakery","amount":' .. money .. "}]}"

function shop.open(path, key)
  shop.members = {}
  for line in io.lines(path) do shop.members[#shop.members + 1] = line end
  math.randomseed(os.time())
  return { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key }
end

function shop.basket(receipt)
  local member, book = shop.members[math.random(#shop.members)], math.random(1500, 2400)
  local name = receipt and string.format('"external_id":"%s",', receipt) or ""
  return string.format(basket, member, name, 1230 + book, 700, book, 530)
end

return shop
