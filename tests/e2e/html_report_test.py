# SPDX-License-Identifier: Apache-2.0
"""The HTML page of an alignment in a real browser: what it shows, what it does
under pointer and keys, and what hostile text cannot do. With HEXAPLA_SCREENSHOTS
set to a folder, pictures of it are kept there.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import harness
import headless_browser

PROGRAM = headless_browser.find()
if PROGRAM is None:
    harness.skip_all("no Chromium: apt-get install chromium-headless-shell, "
                     "or run tests/run --all, which does")

LANGUAGES = ("en", "fr", "ar", "vi")
HOSTILE = [
    "</script><script>window.broken = 1</script> and \"quotes\" and 'more' stay text.",
    "<img src=\"http://127.0.0.1:9/x.png\" onerror=\"window.broken = 2\"> is no picture.",
    "A switch \u202egnorw\u202c and one that never ends \u2067 \u202e stays in its cell.",
    "]]> --> &lt; &amp;amp; <!-- is no comment.",
]

server = None
browser = None
folder = None


def setUpModule():
    global server, browser, folder
    server = harness.Server()
    browser = headless_browser.Browser(PROGRAM)
    folder = tempfile.TemporaryDirectory()


def tearDownModule():
    browser.__exit__()
    folder.cleanup()
    code, _ = server.stop()
    assert code == 0, server.log()


def report(name, *arguments, cwd=harness.SAMPLES):
    """Writes a page and opens it."""
    done = harness.run_client("align", "--format=html", *arguments, server=server.address, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    path = pathlib.Path(folder.name) / f"{name}.html"
    path.write_bytes(done.stdout)
    browser.open(path.as_uri())
    return path


def keep_picture(name):
    picture = browser.screenshot()
    if "HEXAPLA_SCREENSHOTS" in os.environ:
        (pathlib.Path(os.environ["HEXAPLA_SCREENSHOTS"]) / f"{name}.png").write_bytes(picture)
    return picture


def cell(row, column):
    """An expression for a cell of the table's body."""
    return f"document.querySelectorAll('#beads tbody tr')[{row}].querySelectorAll('td')[{column}]"


def hover(row, column):
    box = browser.evaluate(f"(() => {{ const b = {cell(row, column)}.getBoundingClientRect();"
                           "return [b.x + b.width / 2, b.y + 10]; })()")
    browser.hover(*box)


class Report(unittest.TestCase):
    def setUp(self):
        browser.resize(1200, 800)
        browser.media("light")
        browser.hover(1, 1)

    def samples(self, *languages):
        return report("-".join(languages), *(f"article.{code}.txt" for code in languages))

    def focused(self):
        """Row and column of the focused cell."""
        return browser.evaluate(
            "(() => { const c = document.activeElement; if (c.tagName !== 'TD') return null;"
            "return [c.parentNode.sectionRowIndex, c.cellIndex - 1]; })()")

    def test_versions_stand_side_by_side_in_their_direction(self):
        self.samples(*LANGUAGES)
        self.assertEqual(browser.evaluate(
            "[...document.querySelectorAll('#beads tbody tr:first-child td')].map("
            "(c) => [c.lang, getComputedStyle(c).direction])"),
            [["en", "ltr"], ["fr", "ltr"], ["ar", "rtl"], ["vi", "ltr"]])
        lefts = browser.evaluate(
            "[...document.querySelectorAll('#beads tbody tr:first-child td')].map("
            "(c) => c.getBoundingClientRect().left)")
        self.assertEqual(lefts, sorted(lefts))
        text = browser.evaluate("document.querySelector('#beads').innerText")
        for code in LANGUAGES:
            words = (harness.SAMPLES / f"article.{code}.txt").read_text().split()
            for word in words:
                self.assertIn(word, text)
        self.assertGreater(len(keep_picture("four-versions")), 10000)

    def test_it_is_light_and_dark(self):
        self.samples("en", "fr", "ar")
        light = keep_picture("light")
        browser.media("dark")
        dark = keep_picture("dark")
        self.assertNotEqual(light, dark)
        shade = "getComputedStyle(document.body).backgroundColor"
        self.assertEqual(browser.evaluate(shade), "rgb(20, 23, 26)")
        browser.media("light")
        self.assertEqual(browser.evaluate(shade), "rgb(255, 255, 255)")

    def test_the_pointer_marks_counterparts(self):
        self.samples("en", "fr", "ar")
        colour = f"getComputedStyle({cell(2, 1)}).backgroundColor"
        before = browser.evaluate(colour)
        hover(2, 0)
        self.assertNotEqual(browser.evaluate(colour), before)
        self.assertEqual(browser.evaluate(f"{cell(2, 0)}.className.trim()"), "from")
        self.assertTrue(browser.evaluate("document.getElementById('reader').hidden"))
        keep_picture("hover")
        browser.hover(1, 1)
        self.assertEqual(browser.evaluate(colour), before)

    def test_counterparts_out_of_sight_are_read_at_the_foot(self):
        self.samples("en", "fr", "ar")
        browser.resize(500, 700)
        hover(0, 0)
        self.assertFalse(browser.evaluate("document.getElementById('reader').hidden"))
        shown = browser.evaluate("document.getElementById('reader').innerText")
        self.assertIn("article.ar.txt", shown)
        self.assertIn(browser.evaluate(f"{cell(0, 2)}.innerText"), shown)
        self.assertEqual(browser.evaluate(
            "getComputedStyle(document.querySelector('#reader dd:last-child')).direction"), "rtl")
        keep_picture("narrow")

    def test_the_reader_covers_no_marked_cell(self):
        self.samples("en", "fr", "ar")
        browser.resize(500, 700)
        browser.evaluate("scrollTo(0, 600)")
        for y in (200, 660):
            browser.hover(200, y)
            self.assertFalse(browser.evaluate("document.getElementById('reader').hidden"))
            marked, reader = browser.evaluate(
                "['.from', '#reader'].map((name) => { const b ="
                "document.querySelector(name).getBoundingClientRect(); return [b.top, b.bottom]; })")
            self.assertFalse(reader[0] <= y < reader[1], (marked, reader))
            self.assertTrue(marked[0] <= y < marked[1], (marked, reader))

    def test_keys_reach_every_cell(self):
        self.samples("en", "fr", "ar")
        for _ in range(10):
            browser.press("Tab")
            if self.focused():
                break
        self.assertEqual(self.focused(), [0, 0])
        for key, place in (("ArrowDown", [1, 0]), ("ArrowRight", [1, 1]), ("ArrowRight", [1, 2]),
                           ("ArrowRight", [1, 2]), ("ArrowUp", [0, 2]), ("ArrowUp", [0, 2]),
                           ("ArrowLeft", [0, 1])):
            browser.press(key)
            self.assertEqual(self.focused(), place, key)
        self.assertTrue(browser.evaluate(f"{cell(0, 0)}.parentNode.classList.contains('here')"))
        browser.press("End")
        last = browser.evaluate("document.querySelectorAll('#beads tbody tr').length") - 1
        self.assertEqual(self.focused(), [last, 1])
        browser.press("Home")
        browser.press("a")
        row = self.focused()[0]
        self.assertIn("has-gap", browser.evaluate(f"{cell(row, 0)}.parentNode.className"))
        keep_picture("keys")
        browser.press("Escape")
        self.assertIsNone(self.focused())
        self.assertEqual(browser.evaluate("document.querySelectorAll('.here').length"), 0)

    def test_keys_find_rows_without_a_focus_in_the_table(self):
        self.samples("en", "fr", "ar")
        gaps = ("[...document.querySelectorAll('#beads tbody tr')]"
                ".filter((row) => row.classList.contains('has-gap')).map((row) => row.rowIndex - 1)")
        rows = browser.evaluate(gaps)
        self.assertGreater(len(rows), 0)
        self.assertIsNone(self.focused())
        for row in rows:
            browser.press("a")
            self.assertEqual(self.focused(), [row, 0])
        # There is none further, and the focus stays.
        browser.press("a")
        self.assertEqual(self.focused(), [rows[-1], 0])
        # In the legend, too.
        browser.press("Escape")
        browser.evaluate("document.querySelector('input[value=all]').focus();"
                         "document.querySelector('#beads tbody').rows[0].scrollIntoView()")
        browser.press("a")
        self.assertIn("has-gap", browser.evaluate("document.activeElement.parentNode.className"))

    def test_the_legend_chooses_rows(self):
        self.samples("en", "fr", "ar")
        browser.evaluate("document.querySelector('input[value=absent]').click()")
        visible = ("[...document.querySelectorAll('#beads tbody tr')]"
                   ".filter((row) => row.getClientRects().length).map((row) => row.className)")
        classes = browser.evaluate(visible)
        self.assertGreater(len(classes), 0)
        self.assertTrue(all("has-gap" in name for name in classes), classes)

    def test_doubt_is_shaded_and_absence_visible(self):
        report("unrelated", "article.en.txt", "unrelated.en.txt", "article.fr.txt")
        self.assertIn("look unrelated", browser.evaluate(
            "document.querySelector('.warnings').innerText"))
        plain, absent = browser.evaluate(
            "[document.querySelector('#beads td:not(.absent)'), document.querySelector('.absent')]"
            ".map((c) => getComputedStyle(c).backgroundImage)")
        self.assertEqual(plain, "none")
        self.assertIn("gradient", absent)
        keep_picture("unrelated")

    def test_doubtful_rows_are_shaded_and_found(self):
        # Which Oui is whose?
        for name, lines in (("y.en", ["Yes."] * 3 + ["No."]), ("y.fr", ["Oui."] * 2 + ["Non."])):
            (pathlib.Path(folder.name) / name).write_text("\n".join(lines))
        report("doubt", "--lines", "--languages=en,fr", "y.en", "y.fr", cwd=folder.name)
        rows = browser.evaluate(
            "[...document.querySelectorAll('#beads tbody tr')].map((row) =>"
            " [row.classList.contains('has-doubt'), [...row.querySelectorAll('td')]"
            ".map((c) => getComputedStyle(c).backgroundColor)])")
        doubtful = [i for i, (doubt, _) in enumerate(rows) if doubt]
        self.assertGreater(len(doubtful), 0)
        self.assertLess(len(doubtful), len(rows))
        for doubt, colours in rows:
            self.assertEqual("rgb(255, 220, 194)" in colours, doubt, rows)
        for row in doubtful:
            browser.press("d")
            self.assertEqual(self.focused(), [row, 0])
        browser.press("d")
        self.assertEqual(self.focused(), [doubtful[-1], 0])
        browser.evaluate("document.querySelector('input[value=doubtful]').click()")
        self.assertEqual(browser.evaluate(
            "[...document.querySelectorAll('#beads tbody tr')]"
            ".filter((row) => row.getClientRects().length).map((row) => row.rowIndex - 1)"),
            doubtful)

    def test_it_prints(self):
        self.samples("en", "fr", "ar")
        self.assertTrue(browser.pdf().startswith(b"%PDF"))
        browser.media("dark", media="print")
        self.assertEqual(browser.evaluate("getComputedStyle(document.body).backgroundColor"),
                         "rgb(255, 255, 255)")
        self.assertEqual(browser.evaluate(
            "getComputedStyle(document.querySelector('fieldset')).display"), "none")
        browser.media("light")

    def test_it_reads_without_its_script(self):
        browser.send("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.samples("en", "fr")
            # The protocol's own evaluation still works.
            self.assertFalse(browser.evaluate("document.body.classList.contains('scripted')"))
            self.assertEqual(browser.evaluate(
                "getComputedStyle(document.querySelector('fieldset')).display"), "none")
            self.assertGreater(browser.evaluate("document.querySelectorAll('#beads td').length"), 9)
        finally:
            browser.send("Emulation.setScriptExecutionDisabled", value=False)

    def test_it_loads_nothing_and_breaks_no_rule_of_its_own(self):
        path = self.samples("en", "fr", "ar")
        self.assertEqual(browser.requests(), [path.as_uri()])
        self.assertEqual(browser.complaints(), [])

    def test_hostile_text_stays_text(self):
        name = "a \"b\" <script>window.broken = 3<!-- \u202e.txt"
        for file in (name, "other.txt"):
            (pathlib.Path(folder.name) / file.replace("/", "")).write_text("\n".join(HOSTILE))
        path = report("hostile", "--lines", "--languages=en,fr", name, "other.txt",
                      cwd=folder.name)
        self.assertEqual(browser.requests(), [path.as_uri()])
        self.assertEqual(browser.complaints(), [])
        self.assertIsNone(browser.evaluate("window.broken"))
        self.assertEqual(browser.evaluate(
            "document.querySelectorAll('img, #beads script, script').length"), 1)
        text = browser.evaluate("document.getElementById('beads').textContent")
        for line in HOSTILE:
            self.assertEqual(text.count(line), 2)
        # What follows a cell with unbalanced marks still runs from left to right.
        hover(2, 0)
        keep_picture("hostile")
        self.assertIsNone(browser.evaluate("window.broken"))


class Pictures(unittest.TestCase):
    def test_those_of_the_documents_can_be_made_again(self):
        with tempfile.TemporaryDirectory() as made:
            done = subprocess.run(
                [sys.executable, harness.ROOT / "docs" / "make-pictures", made], timeout=240,
                capture_output=True, check=False,
                env={**os.environ, "HEXAPLA_CLIENT_BINARY": harness.CLIENT})
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            for picture in (harness.ROOT / "docs").glob("align-*.png"):
                data = (pathlib.Path(made) / picture.name).read_bytes()
                # Its height depends on the fonts.
                width = int.from_bytes(data[16:20], "big")
                self.assertGreater(len(data), 30000, picture.name)
                if picture.name != "align-table.png":
                    self.assertEqual(width, int.from_bytes(picture.read_bytes()[16:20], "big"))


if __name__ == "__main__":
    harness.main()
