"""Text that has done harm somewhere: in HTML, in templates, in terminals, in files."""

PWN = "window.__pwned=1"

HTML = [
    f"<img src=x onerror={PWN}>",
    f"<script>{PWN}</script>",
    f"</script><script>{PWN}</script>",
    f"<!--<script>{PWN}",
    f"--><script>{PWN}</script>",
    f"]]><script>{PWN}</script>",
    f"<svg/onload={PWN}>",
    f"<svg><script>{PWN}</script></svg>",
    f"<math><mtext></mtext><img src=x onerror={PWN}></math>",
    "<iframe srcdoc='<script>parent.__pwned=1</script>'></iframe>",
    f'<a href="javascript:{PWN}">here</a>',
    f'<form><button formaction="javascript:{PWN}">x</button></form>',
    f"<details open ontoggle={PWN}>",
    f"<video><source onerror={PWN}></video>",
    "<style>@import 'data:text/css,*'; * { display: none }</style>",
    "<base href='https://example.invalid/'>",
    "<meta http-equiv=refresh content='0;url=https://example.invalid/'>",
    f"<template><img src=x onerror={PWN}></template>",
    f'"><img src=x onerror={PWN}>',
    f"' onmouseover='{PWN}",
    f'" autofocus onfocus="{PWN}',
    f"`${{{PWN}}}`",
    f"</title></textarea></style><img src=x onerror={PWN}>",
    f"</option></select><img src=x onerror={PWN}>",
    "<b>bold</b><br>&lt;&amp;&#60;img&#62;",
    "<plaintext>",
]
TEMPLATES = [
    r"$\href{javascript:window.__pwned=1}{x}$",
    r"\(\unicode{x3c}\)",
    "%{customdata}",
    "%(name)s %s %n",
    "{{7*7}}",
    "{% raw %}",
    "${7*7}",
    "#{7*7}",
    "{0.__class__}",
    "__proto__",
    "constructor",
    "toString",
    "![x](javascript:window.__pwned=1)",
    "url(javascript:window.__pwned=1)",
]
FILES = [
    "../../../etc/passwd",
    "..\\..\\windows",
    "CON",
    "a/b:c*d?e",
    "=1+1",
    "@SUM(1)",
    "'; DROP TABLE labels; --",
    '{"op": "add_class"}',
    "007",
    "1e5",
    "NA",
    "nan",
    "None",
    "null",
    "true",
]
ODD = [
    "\u202emoc.live\u202c",
    "\u2066hidden\u2069",
    "a\u0301\u0323\u0308" * 12,
    "\u200b\ufeffx",
    "\u05d0\u05d1\u05d2 abc",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "e\u0301",
    "\u00e9clair",
    "\x1b[31mred\x1b[0m\x07",
    "a\u2028b\u2029c",
    "a\r\nb\td",
    "\x85\x9b",
    "\ufffe\uffff",
    " padded ",
    "x" * 200,
]
HOSTILE = [*HTML, *TEMPLATES, *FILES, *ODD]
"""Every one of them is a name that a class may have, and it keeps it as it is. No two are one
name, as those are that differ only in blanks, width or Unicode form."""

# In a page, how many elements of each kind there are: text that became elements adds to them.
COUNT_TAGS = """() => {
  const count = {};
  for (const { tagName } of document.querySelectorAll("*")) {
    count[tagName] = (count[tagName] ?? 0) + 1;
  }
  return count;
}"""
