/* Accept-Encoding: whether an encoding is accepted (RFC 9110, section 12.5.3). */
#include "postern/text.h"

/* "q=0", "q=0.0", "q=0.000": not wanted. */
static bool weight_is_zero(struct str params)
{
	while (params.n > 0) {
		struct str one = str_trim(str_cut(&params, ';'));
		struct str value = one, name = str_trim(str_cut(&value, '='));
		if (!str_eq_nocase(name, STR("q")))
			continue;
		value = str_trim(value);
		for (size_t i = 0; i < value.n; i++) {
			if (value.p[i] != '0' && value.p[i] != '.')
				return false;
		}
		return true;
	}
	return false;
}

bool header_accepts(struct str header, struct str coding)
{
	bool any = false;
	while (header.n > 0) {
		struct str params = str_cut(&header, ','), name = str_trim(str_cut(&params, ';'));
		if (str_eq_nocase(name, coding))
			return !weight_is_zero(params);
		if (str_eq(name, STR("*")))
			any = !weight_is_zero(params);
	}
	return any;
}
