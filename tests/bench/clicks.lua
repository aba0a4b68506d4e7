-- Clicks from a newsletter: the same article each time, and each time another mark of who clicked.
local i = 0
function request()
	i = i + 1
	return wrk.format("GET", wrk.path .. "?utm_source=newsletter&utm_source=daily&fbclid=IwAR" .. i .. "x50%off")
end
