-- Clicks from a newsletter: the same article each time, and each time another mark of who clicked. The requests are written
-- beforehand, so that the load generator has no more to do than for a row without a script; there are more of them than a cache
-- of pages could hold if each were a page of its own.
local requests, i = {}, 0
function init()
	for k = 1, 20000 do
		requests[k] = wrk.format("GET", wrk.path .. "?utm_source=newsletter&utm_source=daily&fbclid=IwAR" .. k .. "x50%off")
	end
end
function request()
	i = i % #requests + 1
	return requests[i]
end
