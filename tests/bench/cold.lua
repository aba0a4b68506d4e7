-- Every request another article and another reader.
-- Arguments: file of tokens, articles, first number.
local tokens, articles, i, step = {}, 1, 0, 1
function init(args)
	for line in io.lines(args[1]) do
		tokens[#tokens + 1] = line
	end
	articles, i = tonumber(args[2]), tonumber(args[3])
	-- spread over all of it, and no article twice before all were had
	step = articles > 1000 and 389 or 1
end
function request()
	i = i + step
	return wrk.format("GET", "/articles/bench-" .. i % articles, { Cookie = "postern=" .. tokens[(i * 7) % #tokens + 1] })
end
