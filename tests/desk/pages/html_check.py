"""What every page of the desk must be: well-formed, labelled, in order, and without anything inline."""
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}
LABELLED = {"input", "select", "textarea"}


class Checker(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.problems, self.open, self.ids, self.labels, self.wanted, self.headings = [], [], [], set(), [], []
        self.forms, self.links, self.scripts = [], [], []
        self.lang = self.title = None

    def bad(self, what):
        self.problems.append(f"line {self.getpos()[0]}: {what}")

    def handle_decl(self, decl):
        if decl.lower() != "doctype html":
            self.bad("another doctype")

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if len(a) != len(attrs):
            self.bad(f"<{tag}> has an attribute twice")
        for name in a:
            if name.startswith("on") or name == "style":
                self.bad(f"<{tag}> has the attribute {name}")
        if tag not in VOID:
            self.open.append(tag)
        self.look(tag, a)

    def look(self, tag, a):
        if "id" in a:
            self.ids.append(a["id"])
        for name in ("aria-describedby", "aria-labelledby"):
            self.wanted += a.get(name, "").split()
        if tag == "html":
            self.lang = a.get("lang")
        if tag == "label" and "for" in a:
            self.labels.add(a["for"])
        if tag in LABELLED and a.get("type") != "hidden" and "hidden" not in a:
            if "label" not in self.open and "aria-label" not in a:
                self.wanted.append("label:" + a.get("id", "(no id)"))
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag == "img" and "alt" not in a:
            self.bad("an image without alt")
        if tag == "script":
            self.scripts.append(a.get("src"))
        if tag == "style":
            self.bad("a style element")
        if tag == "a" and "href" in a:
            self.links.append(a["href"])
        if tag == "form":
            self.forms.append(a)
        if tag == "th" and "scope" not in a:
            self.bad("a th without scope")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad(f"</{tag}> closes something else")

    def handle_data(self, data):
        if self.open and self.open[-1] == "title":
            self.title = data
        if self.open and self.open[-1] in ("script", "style") and data.strip():
            self.bad("something inline")
        if self.open and self.open[-1] in ("ul", "ol", "table", "tr", "dl", "select") and data.strip():
            self.bad(f"text in a <{self.open[-1]}>")

    def end(self):
        if self.open:
            self.bad(f"still open: {self.open}")
        if self.lang not in ("en", "zh-Hant"):
            self.bad("no language")
        if not self.title:
            self.bad("no title")
        for one in set(self.ids):
            if self.ids.count(one) > 1:
                self.bad(f"the id {one} stands twice")
        for one in self.wanted:
            name = one.removeprefix("label:")
            if name not in (self.labels if one.startswith("label:") else self.ids):
                self.bad(f"nothing is {one}")
        if self.headings.count(1) != 1:
            self.bad("not one h1")
        for before, after in zip(self.headings, self.headings[1:]):
            if after > before + 1:
                self.bad(f"h{after} comes after h{before}")
        if any(src is None for src in self.scripts):
            self.bad("a script of the page's own")


POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
          "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'"}


def check(answer):
    """The problems of a page, and what was read of it."""
    c = Checker()
    text = answer.body.decode("utf-8", "strict")
    if not text.startswith("<!doctype html>\n"):
        c.bad("no doctype")
    c.feed(text)
    c.close()
    c.end()
    policy = dict(part.strip().split(" ", 1) for part in answer.headers.get("Content-Security-Policy", "").split(";")
                  if part.strip())
    if policy != POLICY:
        c.bad(f"another policy: {policy}")
    for name, value in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                        ("Cache-Control", "no-store")):
        if answer.headers.get(name) != value:
            c.bad(f"{name} is not {value}")
    return c.problems, c
