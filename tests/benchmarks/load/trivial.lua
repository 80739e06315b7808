-- A route that does nothing, to know what the server itself costs.
package.path = debug.getinfo(1, "S").source:match("@(.*/)") .. "?.lua;" .. package.path
wrk.path = "/trivial"
done = require("report")
