"""Names of series that try to break what they are written into."""

NAMES = (
    "<script>window.__pwned = 1</script>", "</script><script>window.__pwned = 2</script>", "</SCRIPT>", "<!--", "-->",
    "\"'><img src=x onerror=window.__pwned=3>", "<svg/onload=window.__pwned=4>", "]]>", "<![CDATA[", "</title></style>",
    "&lt;b&gt;", "&amp;", "&#60;", "javascript:window.__pwned=5", "url(http://evil.example/x.png)", "@import 'x'",
    "{{ 7 * 7 }}", "{% raw %}", "${7*7}", "#{7*7}", "%s", "%(a)s", "{0}", "$\\frac{", "$a$", "\\N\\G", "C:\\new\\",
    "'", '"', '""', "`id`", "$(id)", "a,b", "a;b", "a|b", "a\tb", "a->b", "=1+1", "=cmd|'/c calc'!A1", "+1", "-1",
    "@SUM(1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "'=1", "x" * 1000, "x" * 10_000, " ", "\t", " a", "a ", "a\nb",
    "a\rb", "a\r\nb", "a\u2028b", "a\x85b", "a\\nb", "\0", "a\0b", "a\0", "\x07", "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07", "\x7f",
    "\x9b31m", "\u202egnp", "\u2066a\u2069", "\u200e", "\u200b", "\ufeff", "\ufeffa", "\uffff", "\ud800",
    "a\udfffb", "\u00e9", "e\u0301", "\ufb01", "A", "a" + "\u0301" * 50, "\U0001f600", "\U0001f468\u200d\U0001f469",
    "\u4e2d\u6587", "\u05e0\u05d4\u05e8", "\u0646\u0647\u0631", "Rain", "RAIN", "__proto__", "constructor", "toString",
    "hasOwnProperty", "NaN", "nan", "NA", "null", "None", "true", "inf", "1", "1.0", "1e5", "007", "SEPT2",
    "../../etc/passwd", "/dev/null", "C:\\x.csv", "-rf", "source", "target", "trajectory", "node", "id", "*", "",
)  # fmt: skip


def legible(text: str) -> bool:
    """Return whether text moves no cursor, turns no direction, and hides nothing; its lines may end."""
    return all(c.isprintable() for line in text.split("\n") for c in line)
