-- Log-ins without pause: of every four, three have the right password. Counts the answers by status.
local threads, who = {}, 0
function setup(thread)
	table.insert(threads, thread)
end
function init(args)
	status = {}
	who = tonumber(args[1]) or 0
	headers = { ["Content-Type"] = "application/json" }
end
function request()
	who = who + 1
	local password = who % 4 == 0 and "not-the-password-of-anybody" or "bench-lantern-adrift"
	local body = string.format('{"email":"reader-%d@bench.example","password":"%s"}', who % 400, password)
	return wrk.format("POST", "/api/v1/sessions", headers, body)
end
function response(code)
	status[code] = (status[code] or 0) + 1
end
function done()
	local sum = {}
	for _, thread in ipairs(threads) do
		for code, n in pairs(thread:get("status")) do
			sum[code] = (sum[code] or 0) + n
		end
	end
	for code, n in pairs(sum) do
		print(string.format("status %d %d", code, n))
	end
end
