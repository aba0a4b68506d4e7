/* Goal: whatever HTML comes in, only what is allowed goes out, well formed, one block a top-level
 * element. */
#include "content_help.h"

/* Keeps pictures of this site's folder, drops the others. */
static struct str keep_near(void *ctx, struct str src)
{
	(void)ctx;
	return str_starts(src, STR("near/")) ? src : (struct str){ NULL, 0 };
}

static const char *clean(struct arena *a, const char *in)
{
	struct blocks out = { 0 };
	enum err e = content_sanitise(str_of(in), keep_near, NULL, a, &out);
	if (e)
		return err_name(e);
	BUF_AUTO b = BUF(1 << 22);
	for (size_t i = 0; i < out.n; i++) {
		if (i)
			buf_byte(&b, '\n');
		buf_str(&b, out.v[i].html);
	}
	struct str s = arena_str(a, buf_view(&b));
	return s.p ? s.p : "";
}

struct row {
	const char *in, *out;
};

static void check_rows(const struct row *rows, size_t n)
{
	ARENA_AUTO *a = arena_new(256 << 20);
	for (size_t i = 0; i < n; i++) {
		const char *got = clean(a, rows[i].in);
		if (strcmp(got, rows[i].out) != 0)
			fail_msg("\nin       %s\ngot      %s\nexpected %s", rows[i].in, got,
				rows[i].out);
	}
}

static void scripts_never_pass(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "<script>alert(1)</script>", "" },
		{ "<p>a<script>alert(1)</script>b</p>", "<p>ab</p>" },
		{ "<SCRIPT SRC=//evil.example/x.js></SCRIPT><p>a", "<p>a</p>" },
		{ "<scr<script>ipt>alert(1)</script>a", "<p>ipt&gt;alert(1)a</p>" },
		{ "<script>var a='</p>';</script><p>a", "<p>a</p>" },
		{ "<script/x>alert(1)</script>", "" },
		{ "<style>p{background:url(javascript:alert(1))}</style><p>a</p>", "<p>a</p>" },
		{ "<svg onload=alert(1)><p>a</p></svg><p>b</p>", "<p>b</p>" },
		{ "<svg><script>alert(1)</script></svg>", "" },
		{ "<math><mi xlink:href=\"javascript:alert(1)\">a</mi></math>", "" },
		{ "<iframe src=\"javascript:alert(1)\"></iframe>", "" },
		{ "<object data=x.swf><p>fallback</p></object>", "" },
		{ "<embed src=x.swf>", "" },
		{ "<form action=/login><input name=password><p>a</p></form><p>b</p>", "<p>b</p>" },
		{ "<template><p>a</p></template><p>b</p>", "<p>b</p>" },
		{ "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">a</noscript>",
			"" },
		{ "<video src=x onerror=alert(1)>a</video>", "" },
		{ "<audio><source onerror=alert(1)></audio>", "" },
		{ "<button onclick=alert(1)>go</button>", "" },
		{ "<select><option>a</option></select><p>b", "<p>b</p>" },
		{ "<textarea></textarea><p>b", "<p>b</p>" },
		{ "<base href=//evil.example/><p>a", "<p>a</p>" },
		{ "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\"><p>a",
			"<p>a</p>" },
		{ "<link rel=stylesheet href=//evil.example/><p>a", "<p>a</p>" },
		{ "<head><title>t</title></head><body><p>a", "<p>a</p>" },
		{ "<p onclick=\"alert(1)\" style=\"x\" id=\"a\" class=\"b\">a</p>", "<p>a</p>" },
		{ "<p onclick=alert(1)//", "" },
		{ "<b onmouseover=alert(1)>a</b>", "<p><strong>a</strong></p>" },
		{ "<marquee onstart=alert(1)>a</marquee>", "<p>a</p>" },
		{ "<isindex type=image src=1 onerror=alert(1)>", "" },
		{ "<!--<img src=x onerror=alert(1)>--><p>a", "<p>a</p>" },
		{ "<![CDATA[<script>alert(1)</script>]]>", "<p>![CDATA[]]&gt;</p>" },
		{ "<?xml version=\"1.0\"?><p>a</p>", "<p>a</p>" },
		{ "<!DOCTYPE html [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><p>&x;</p>",
			"<p>]&gt;</p>\n<p>&amp;x;</p>" },
		{ "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
			"<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" },
		{ "<xmp><script>alert(1)</script></xmp>", "" },
		{ "<plaintext><script>alert(1)</script>", "" },
	};
	check_rows(rows, COUNT(rows));
}

#define A(href, rel) "<p><a href=\"" href "\"" rel ">a</a></p>"
#define EXTERNAL " rel=\"nofollow noopener\""

static void links_lead_where_they_may(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "<a href=\"https://example.org/x?a=1&amp;b=2\">a</a>",
			A("https://example.org/x?a=1&amp;b=2", EXTERNAL) },
		{ "<a href=\"HTTP://EXAMPLE.ORG\" target=_blank>a</a>",
			A("HTTP://EXAMPLE.ORG", EXTERNAL) },
		{ "<a href=\"mailto:ada@example.org\">a</a>", A("mailto:ada@example.org", "") },
		{ "<a href=\"/section/city\">a</a>", A("/section/city", "") },
		{ "<a href=\"#top\">a</a>", A("#top", "") },
		{ "<a href=\" https://example.org/ \">a</a>", A("https://example.org/", EXTERNAL) },
		{ "<a href=\"javascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"JaVaScRiPt:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\" javascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"java\tscript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"java\nscript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"&#106;avascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"&#x6A&#x61vascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"jav&#x09;ascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"&#1;javascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"&amp;#106;avascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"vbscript:x\">a</a>", "<p>a</p>" },
		{ "<a href=\"data:text/html,<script>\">a</a>", "<p>a</p>" },
		{ "<a href=\"file:///etc/passwd\">a</a>", "<p>a</p>" },
		{ "<a href=\"blob:https://example.org/1\">a</a>", "<p>a</p>" },
		{ "<a href=\"//evil.example/\">a</a>", "<p>a</p>" },
		{ "<a href=\"/\\evil.example/\">a</a>", "<p>a</p>" },
		{ "<a href=\"\\\\evil.example\">a</a>", "<p>a</p>" },
		{ "<a href=\"/\t/evil.example/\">a</a>", "<p>a</p>" },
		{ "<a href=\"https:evil\">a</a>", "<p>a</p>" },
		{ "<a href=\"https://\">a</a>", "<p>a</p>" },
		{ "<a href=\"http:///x\">a</a>", "<p>a</p>" },
		{ "<a href=\"mailto:\">a</a>", "<p>a</p>" },
		{ "<a href=\"page.html\">a</a>", "<p>a</p>" },
		{ "<a href=\"\">a</a>", "<p>a</p>" },
		{ "<a href>a</a>", "<p>a</p>" },
		{ "<a name=x>a</a>", "<p>a</p>" },
		{ "<a xlink:href=\"javascript:alert(1)\">a</a>", "<p>a</p>" },
		{ "<a href=\"https://example.org/&quot;onclick=&quot;alert(1)\">a</a>",
			A("https://example.org/&quot;onclick=&quot;alert(1)", EXTERNAL) },
		{ "<a href='https://example.org/\"><script>'>a</a>",
			A("https://example.org/&quot;&gt;&lt;script&gt;", EXTERNAL) },
		{ "<a href=/a>a<a href=/b>b</a></a>",
			"<p><a href=\"/a\">a</a><a href=\"/b\">b</a></p>" },
		{ "<a href=/a><p>one</p><p>two</p></a>",
			"<p><a href=\"/a\">one</a></p>\n<p><a href=\"/a\">two</a></p>" },
	};
	check_rows(rows, COUNT(rows));
}

#define TABLE "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>"
#define TABLE_END "</table></div>"

static void structure_is_mended(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "", "" },
		{ " \n\t ", "" },
		{ "stray text", "<p>stray text</p>" },
		{ "stray <b>bold</b> text", "<p>stray <strong>bold</strong> text</p>" },
		{ "<p>a</p>stray<p>b</p>", "<p>a</p>\n<p>stray</p>\n<p>b</p>" },
		{ "<p>a<p>b", "<p>a</p>\n<p>b</p>" },
		{ "<p>a</p></p></div>", "<p>a</p>" },
		{ "<p></p><p> </p><p>&#32;</p>", "" },
		{ "<div><div>a</div>b</div>", "<p>a</p>\n<p>b</p>" },
		{ "<b><i>a</b>b</i>", "<p><strong><em>a</em></strong>b</p>" },
		{ "<b><p>a</p></b>", "<p>a</p>" }, /* so HTML 4 has it */
		{ "<b><section>a</section></b>", "<p><strong>a</strong></p>" },
		{ "<em>a<h2>b</h2>c</em>",
			"<p><em>a</em></p>\n<h2><em>b</em></h2>\n<p><em>c</em></p>" },
		{ "<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h5>e</h5><h6>f</h6>",
			"<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>\n<h4>d</h4>\n<h4>e</h4>\n<h4>f</h4>" },
		{ "<p>  a \n b\t<em> c </em> d</p>", "<p>a b <em>c</em> d</p>" },
		{ "<p>a<br>b<br/></p>", "<p>a<br>b</p>" },
		{ "a<br><br>b", "<p>a</p>\n<p>b</p>" },
		{ "<p>a & b &lt; c &amp;amp; &quot;d&quot;</p>",
			"<p>a &amp; b &lt; c &amp;amp; &quot;d&quot;</p>" },
		{ "<p>caf&eacute; &#8211; \xc3\xa9</p>",
			"<p>caf\xc3\xa9 \xe2\x80\x93 \xc3\xa9</p>" },
		{ "<p>a&#0;b&#x1;c</p>", "<p>abc</p>" },
		{ "<blockquote>quoted</blockquote>", "<blockquote><p>quoted</p></blockquote>" },
		{ "<blockquote><p>a</p><p>b</p></blockquote>",
			"<blockquote><p>a</p><p>b</p></blockquote>" },
		{ "<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>" },
		{ "<ul>a<li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>" },
		{ "<ul><li>a</li><ul><li>b</li></ul></ul>",
			"<ul><li>a</li><li><ul><li>b</li></ul></li></ul>" },
		{ "<ul><li></li></ul>", "" },
		{ "<li>a</li>", "<p>a</p>" },
		{ "<ol start=3 type=a><li>a</li></ol>", "<ol start=\"3\"><li>a</li></ol>" },
		{ "<ol start=\"3 onclick=x\"><li>a</li></ol>", "<ol><li>a</li></ol>" },
		{ "<ol start=0><li>a</li></ol>", "<ol start=\"0\"><li>a</li></ol>" },
		{ "<ol start=-4><li>a</li></ol>", "<ol start=\"-4\"><li>a</li></ol>" },
		{ "<ol start=1><li>a</li></ol>", "<ol><li>a</li></ol>" },
		{ "<ol start=-><li>a</li></ol>", "<ol><li>a</li></ol>" },
		{ "<ol start=1000001><li>a</li></ol>", "<ol><li>a</li></ol>" },
		{ "<ul><li><p>a</p><p>b</p></li></ul>", "<ul><li><p>a</p><p>b</p></li></ul>" },
		{ "<pre>a\n  b\n\nc &lt;</pre>", "<pre>a\n  b\n\nc &lt;</pre>" },
		{ "<pre><code class=\"language-c\">int a;\n</code></pre>",
			"<pre><code>int a;\n</code></pre>" },
		{ "<p>a</p><hr><p>b</p>", "<p>a</p>\n<hr>\n<p>b</p>" },
		{ "<p>x<sup>2</sup>, H<sub>2</sub>O, <s>old</s>, <code>x</code></p>",
			"<p>x<sup>2</sup>, H<sub>2</sub>O, <del>old</del>, <code>x</code></p>" },
		{ "<font color=red>a</font> <span class=x>b</span> <o:p>c</o:p>",
			"<p>a b</p>\n<p>c</p>" },
		{ "<table><tr><td>a<td>b</table>",
			TABLE "<tr><td>a</td><td>b</td></tr>" TABLE_END },
		{ "<table border=1><caption>c</caption><thead><tr><th scope=col "
		  "colspan=2>h</th></tr></thead>"
		  "<tbody><tr><td></td><td>b</td></tr></tbody></table>",
			TABLE "<caption>c</caption><thead><tr><th colspan=\"2\" "
			      "scope=\"col\">h</th></tr></thead>"
			      "<tbody><tr><td></td><td>b</td></tr></tbody>" TABLE_END },
		{ "<table>a<tr>b<td>c</td></tr></table>",
			TABLE "<tr><td>a</td></tr><tr><td>b</td><td>c</td></tr>" TABLE_END },
		{ "<tr><td>a</td></tr>", "<p>a</p>" },
		{ "<table><tr><td colspan=1000000>a</td></tr></table>",
			TABLE "<tr><td>a</td></tr>" TABLE_END },
		{ "<table><tr><td><table><tr><td>a</td></tr></table></td></tr></table>",
			TABLE "<tr><td><table><tr><td>a</td></tr></table></td></tr>" TABLE_END },
		{ "<dl><dt>a</dt><dd>b</dd></dl>", "<p>a</p>\n<p>b</p>" },
		{ "<section><header>a</header><article><p>b</p></article></section>",
			"<p>a</p>\n<p>b</p>" },
		{ "<p>unclosed <b>bold", "<p>unclosed <strong>bold</strong></p>" },
		{ "<p>a < b and c > d</p>", "<p>a &lt; b and c &gt; d</p>" },
		{ "</div></p></body></html><p>a", "<p>a</p>" },
		{ "<meta charset=utf-16><p>\xc3\xa9", "<p>\xc3\xa9</p>" },
		{ "<p>\xff\xfe</p>", "invalid" },
	};
	check_rows(rows, COUNT(rows));
}

#define IMG(src, alt) "<img src=\"" src "\" alt=\"" alt "\" loading=\"lazy\">"

static void pictures_stand_alone(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "<img src=near/a.png>", "<figure>" IMG("near/a.png", "") "</figure>" },
		{ "<p><img src=near/a.png alt=\"A &quot;b&quot;\"></p>",
			"<figure>" IMG("near/a.png", "A &quot;b&quot;") "</figure>" },
		{ "<p>x <img src=near/a.png> y</p>",
			"<p>x y</p>\n<figure>" IMG("near/a.png", "") "</figure>" },
		{ "<ul><li><img src=near/a.png>x</li></ul>",
			"<figure>" IMG("near/a.png", "") "</figure>\n<ul><li>x</li></ul>" },
		{ "<figure><img src=near/a.png><figcaption>Cap <b>tion</b></figcaption></figure>",
			"<figure>" IMG(
				"near/a.png", "") "<figcaption>Cap tion</figcaption></figure>" },
		{ "<figure><img src=far/a.png><figcaption>gone</figcaption></figure><p>a",
			"<p>a</p>" },
		{ "<figure><blockquote>q</blockquote><figcaption>who</figcaption></figure>",
			"<blockquote><p>q</p></blockquote>\n<p>who</p>" },
		{ "<img src=far/a.png>", "" },
		{ "<img src=\"javascript:alert(1)\">", "" },
		{ "<img src=near/a.png onerror=alert(1) srcset=\"far/x 2x\" style=x>",
			"<figure>" IMG("near/a.png", "") "</figure>" },
		{ "<img src='near/\"onload=\"alert(1)'>",
			"<figure>" IMG("near/&quot;onload=&quot;alert(1)", "") "</figure>" },
		{ "<img src=near/a.png width=640 height=480>",
			"<figure><img src=\"near/a.png\" alt=\"\" width=\"640\" height=\"480\" "
			"loading=\"lazy\"></figure>" },
		{ "<img src=near/a.png width=640x height=-1>",
			"<figure>" IMG("near/a.png", "") "</figure>" },
		{ "<img alt=x>", "" },
	};
	check_rows(rows, COUNT(rows));
}

static void the_mark_is_the_authors(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int64_t blocks, cut, words;
	} rows[] = {
		{ "<p>one two</p><!-- more --><p>three</p>", 2, 1, 3 },
		{ "<p>a</p><p>b</p><!--more--><p>c</p>", 3, 2, 3 },
		{ "<p>a<!-- more -->b</p>", 2, 1, 2 },
		{ "<div><p>a</p><!-- more --></div><p>b</p>", 2, 1, 2 },
		{ "<!-- more --><p>a</p><p>b</p>", 2, CUT_NOTHING, 2 },
		{ "<p>a</p><p>b</p><!-- more -->", 2, 0, 2 },
		{ "<p>a</p><!-- more --><!-- more --><p>b</p><!-- more -->", 2, 1, 2 },
		{ "<!-- more -->", 0, 0, 0 },
		{ "<p>a</p><!--more Some words--><p>b</p>", 2, 1, 2 },
		{ "<p>a</p><!--MORE--><p>b</p>", 2, 1, 2 },
		{ "<p>a</p><!--members-only--><p>b</p>", 2, 1, 2 },
		{ "<p>a</p><!-- wp:more -->\n<!--more-->\n<!-- /wp:more --><p>b</p>", 2, 1, 2 },
		{ "<p>a</p><hr id=system-readmore><p>b</p>", 2, 1, 2 },
		{ "<p>a</p><form>x<!--more--></form><p>b</p>", 2, 1, 2 },
		{ "<p>a</p><!-- moreover --><p>b</p>", 2, 0, 2 },
		{ "<ul><li>a<!-- more --></li></ul><p>b</p>", 2, 1, 2 },
		{ "<p>x</p><ul><!--more--><li>a</li></ul><p>b</p>", 3, 1, 3 },
		{ "<p>Words are <em>half</em>bold, don't 3.5 \xe2\x80\x93 so</p>", 1, 0, 6 },
		{ "<pre>a b\n c</pre><ul><li>d</li><li>e</li></ul>", 2, 0, 5 },
		{ "<figure><img src=near/a.png><figcaption>not counted</figcaption></figure>", 1, 0,
			0 },
	};
	ARENA_AUTO *a = arena_new(64 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct blocks out = { 0 };
		int64_t sum = 0;
		assert_int_equal(
			content_sanitise(str_of(rows[i].in), keep_near, NULL, a, &out), ERR_OK);
		for (size_t k = 0; k < out.n; k++)
			sum += out.v[k].words;
		if ((int64_t)out.n != rows[i].blocks || out.cut != rows[i].cut ||
			out.words != rows[i].words || sum != out.words)
			fail_msg("%s: %zu blocks, cut %d, %d words", rows[i].in, out.n,
				(int)out.cut, (int)out.words);
	}
}

static const char *repeated(struct arena *a, const char *what, size_t n)
{
	BUF_AUTO b = BUF(16 << 20);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, what);
	return arena_str(a, buf_view(&b)).p;
}

static void limits_hold(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(512 << 20);
	static const struct {
		const char *what;
		size_t n;
		enum err err;
	} rows[] = {
		{ "<div>", 50, ERR_OK }, { "<div>", 500, ERR_TOO_LARGE },
		{ "<b>", 100000, ERR_TOO_LARGE }, { "<ul><li>", 5000, ERR_TOO_LARGE },
		{ "<p>a</p>", ARTICLE_BLOCKS_MAX, ERR_OK },
		{ "<p>a</p>", ARTICLE_BLOCKS_MAX + 1, ERR_TOO_LARGE },
		{ "aaaaaaaa", ARTICLE_SOURCE_MAX / 8 + 1, ERR_TOO_LARGE },
		{ "\"\"\"\"\"\"\"\"", ARTICLE_SOURCE_MAX / 8, ERR_TOO_LARGE },
		{ "<img src=near/a.png>", ARTICLE_IMAGES_MAX + 1,
			ERR_OK }, /* each a block of its own */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *in = repeated(a, rows[i].what, rows[i].n);
		struct blocks out = { 0 };
		struct str deep = str_of(arena_fmt(a, "%s<p>a</p>", in));
		enum err e = content_sanitise(
			rows[i].n < 1000 ? deep : str_of(in), keep_near, NULL, a, &out);
		if (e != rows[i].err)
			fail_msg("%s: %s", rows[i].what, err_name(e));
	}
}

/* Without the limit the second takes minutes. Common markup that goes on for megabytes is no fault.
 */
static void thousands_of_attributes_are_refused(void **state)
{
	(void)state;
	static const struct {
		size_t named, alike;
		enum err err;
	} rows[] = { { 4000, 20000, ERR_OK }, { 300000, 1, ERR_TOO_LARGE } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO *a = arena_new(64 << 20);
		BUF_AUTO b = BUF(ARTICLE_SOURCE_MAX);
		struct blocks out = { 0 };
		buf_puts(&b, "<p");
		for (size_t n = 0; n < rows[i].named; n++)
			buf_fmt(&b, " x%zu=\"1\"", n);
		buf_puts(&b, ">text</p><div>");
		for (size_t n = 0; n < rows[i].alike; n++)
			buf_puts(&b, "<b class=x onclick=y><a href=\"/in\">link</a></b> ");
		assert_int_equal(b.err, ERR_OK);
		enum err e = content_sanitise(buf_view(&b), NULL, NULL, a, &out);
		if (e != rows[i].err)
			fail_msg("%zu: %s", rows[i].named, err_name(e));
		if (!e)
			assert_int_equal(out.words, 1 + (int64_t)rows[i].alike);
	}
}

static void nul_and_small_memory_are_errors(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20), *small = arena_new(1000);
	struct blocks out = { 0 };
	assert_int_equal(
		content_sanitise((struct str){ "<p>a\0b", 6 }, NULL, NULL, a, &out), ERR_INVALID);
	assert_int_equal(content_sanitise(STR("<p>a"), NULL, NULL, small, &out), ERR_NOMEM);
	assert_int_equal(
		content_sanitise(STR("<img src=near/a.png>"), NULL, NULL, a, &out), ERR_OK);
	assert_int_equal(out.n, 0);
}

static void plain_text_has_no_tags(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	static const struct row rows[] = {
		{ "<p>a <b>b</b></p><p>c</p>", "a b c" },
		{ "a<br>b<script>c</script>", "a b" },
		{ "&lt;b&gt; &amp; c", "<b> & c" },
		{ "<ul><li>a</li><li>b</li></ul><hr><table><tr><td>c</td><td>d</td></tr></table>",
			"a b c d" },
		{ "", "" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str out;
		assert_int_equal(html_plain(str_of(rows[i].in), a, &out), ERR_OK);
		assert_str(out, rows[i].out);
	}
}

/* What was cleaned once stays as it is: an exported article imports to the same text. */
static void cleaning_twice_changes_nothing(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(64 << 20);
	static const char *const rows[] = {
		"<p>a <a "
		"href=https://example.org/>b</a><br>c</p><ul><li>d<p>e</p></li></ul><pre>\nf\n\ng</"
		"pre>",
		"<table><caption>c</caption><tr><th scope=row>a</th><td "
		"rowspan=2>b</td></tr></table><hr>",
		"<blockquote><h3>a</h3><ol start=2><li>b</li></ol></blockquote><h2>x &amp; y</h2>",
		"<p>a<img src=near/a.png alt=b>c</p><figure><img "
		"src=near/a.png><figcaption>d</figcaption></figure>",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *once = clean(a, rows[i]);
		assert_string_equal(clean(a, once), once);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_never_pass),
		cmocka_unit_test(links_lead_where_they_may),
		cmocka_unit_test(structure_is_mended),
		cmocka_unit_test(pictures_stand_alone),
		cmocka_unit_test(the_mark_is_the_authors),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(thousands_of_attributes_are_refused),
		cmocka_unit_test(nul_and_small_memory_are_errors),
		cmocka_unit_test(plain_text_has_no_tags),
		cmocka_unit_test(cleaning_twice_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
