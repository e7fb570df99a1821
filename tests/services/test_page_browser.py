"""The explorer page as a person sees it: a real Chromium clicks through all of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import canary
import httpx
import pytest
from page_samples import HOSTILE, items, of_versions, stepped
from reward_process import Service
from run_samples import Run, fill

from services import keys
from services.access import COOKIE
from services.store import Store

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
OLD, NEW = "a" * 16, "b" * 16
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Cells whose words stand on their heads, a letter in a line.
SQUEEZED = """() => [...document.querySelectorAll("td, th")].filter(
  (cell) => cell.clientWidth && cell.clientHeight > 8 * cell.clientWidth).map((cell) => cell.innerText)"""
# The worst contrast of a text on what is behind it, and the text.
CONTRAST = """() => {
  const parse = (color) => { const n = color.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (color) => {
    const [r, g, b] = parse(color).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let worst = [99, ""];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement, said = walk.currentNode.data.trim();
    if (!said || !element.getClientRects().length || element.closest("svg, option")) continue;
    let behind = element;
    const ground = () => getComputedStyle(behind).backgroundColor;
    while (behind.parentElement && parse(ground())[3] === 0) behind = behind.parentElement;
    const [a, b] = [light(getComputedStyle(element).color), light(ground())];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, said.slice(0, 60)];
  }
  return worst;
}"""


class Person:
    """A browser window, and what must not happen in it."""

    def __init__(self, page: Any, url: str, shots: Path) -> None:
        self.page, self.url, self._shots = page, url, shots
        self.complaints: list[str] = []
        page.on("console", lambda message: self._complain(f"console: {message.text}"))
        page.on("pageerror", lambda error: self._complain(f"error: {error}"))
        page.on("dialog", lambda dialog: self._complain(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._external(request.url))

    def go(self, address: str) -> None:
        self.page.goto(self.url + address)
        self.search(address)

    def search(self, name: str) -> None:
        """For what this person's key, if any, must not be shown."""
        cookies = self.page.context.cookies()
        key = next((cookie["value"] for cookie in cookies if cookie["name"] == COOKIE), "")
        canary.check(f"the page {name}", self.page.content().encode("utf-8", "surrogatepass"), key)

    def look(self, name: str) -> None:
        """Everything that holds for every page; and a picture."""
        self.search(name)
        assert self.page.title().endswith(" · reward service")
        assert self.page.evaluate(OVERFLOW) <= 0, f"{name} is wider than its window"
        assert self.page.evaluate(SQUEEZED) == [], name
        ratio, said = self.page.evaluate(CONTRAST)
        assert ratio >= 4.5, f"{name}: contrast {ratio:.2f} of {said!r}"
        assert self.page.locator("main script, main img, main i, main style, [onerror], [style]").count() == 0
        self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)

    def _complain(self, text: str) -> None:
        # What a test opens on purpose though it is not there, or not allowed.
        if "the server responded with a status of 40" not in text:
            self.complaints.append(text)

    def _external(self, address: str) -> None:
        if not address.startswith(f"{self.url}/"):
            self.complaints.append(f"request: {address}")


@pytest.fixture(scope="module")
def chromium(need_program: Callable[[str], str]) -> Iterator[Any]:
    program = need_program("chromium")
    # Chromium's own sandbox does not start as root.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("page-browser")
    running = Service(folder, "--workers", "1", "--deadline", "5")
    running.wait_ready()
    answer = httpx.post(f"{running.url}/v1/score", json={"items": items()}, timeout=120, trust_env=False)
    assert answer.status_code == 200, answer.text
    store = Store(f"sqlite:///{folder}/reward.db")
    store.save([*of_versions("local", OLD, NEW), stepped("local")]).result()
    store.close()
    yield running
    assert running.end()[0] == 0


@pytest.fixture
def open_window(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """`open_window(url, size, scheme)`; nobody complained at the end."""
    people: list[Person] = []

    def make(url: str, size: str = "wide", scheme: str = "light") -> Person:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        people.append(Person(context.new_page(), url, tmp_path))
        return people[-1]

    yield make
    for person in people:
        person.page.context.close()
        assert person.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_is_clicked_through(
    service: Service, open_window: Callable[..., Person], size: str, scheme: str
) -> None:
    person = open_window(service.url, size, scheme)
    page = person.page
    person.go("/")
    person.look("overview")
    page.get_by_role("link", name="day", exact=True).click()
    page.get_by_role("link", name="Refresh by itself").click()
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "60"
    page.get_by_role("link", name="Stop refreshing").click()
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    page.locator("section[aria-labelledby=slowest] a").first.click()
    assert page.locator("h1 .status").inner_text() == "timeout"
    person.look("slowest")

    page.get_by_role("link", name="Samples", exact=True).click()
    person.look("samples")
    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newest").click()
    page.get_by_label("Verifier").select_option("code")
    page.get_by_label("Status").select_option("timeout")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("table.list tbody tr").count() == 1
    page.get_by_role("link", name="Clear").click()
    page.get_by_label("Text in").fill("hostile <b>direction</b>")
    page.get_by_label("Text in").press("Enter")
    person.look("filtered")
    page.locator("table.list a").first.click()
    assert page.locator("pre .hidden-char").first.inner_text() == "U+202E"
    person.look("sample")

    before = page.url
    page.get_by_role("button", name="Judge again").click()
    assert page.url != before
    sides = page.locator("table.sides")
    assert sides.locator("tbody tr").first.inner_text().split() == ["status", "rejected", "rejected"]
    person.look("again")
    sides.get_by_role("link", name="Before").click()
    assert page.url == before
    assert page.locator("section[aria-labelledby=later] a").count() >= 1

    page.get_by_role("link", name="Compare", exact=True).click()
    person.look("versions")
    page.get_by_label("Old version").select_option(OLD)
    page.get_by_label("New version").select_option(NEW)
    page.get_by_role("button", name="Compare").click()
    assert page.locator("table.list tbody tr").count() == 6
    person.look("compare")
    page.locator("table.list a").first.click()
    person.look("old sample")
    person.go("/samples/nope")
    assert page.locator("h1").inner_text() == "Not found"
    person.look("missing")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_do_nothing(service: Service, open_window: Callable[..., Person], name: str) -> None:
    person = open_window(service.url, "narrow")
    person.go("/samples?text=hostile")
    person.look("list")
    person.page.locator("table.list a", has_text=f"hostile <b>{name}</b>").first.click()
    person.page.locator("main").hover()
    person.look(name)
    assert "owned" not in person.page.title()
    if name not in ("direction", "blank", "empty"):
        assert person.page.locator("pre.completion").inner_text() == HOSTILE[name]


def test_steps_are_coloured_and_long_texts_wait(service: Service, open_window: Callable[..., Person]) -> None:
    person = open_window(service.url)
    page = person.page
    person.go(f"/samples?version={'c' * 16}")
    page.locator("table.list a").first.click()
    colours = {
        span.get_attribute("class"): span.evaluate("it => getComputedStyle(it).backgroundColor")
        for span in page.locator("pre.completion .step").all()
    }
    assert len(set(colours.values())) == 3 == len(colours)
    page.locator("ol.steps a", has_text="characters 20-25").click()
    assert page.locator(".step:target").inner_text() == "third"
    person.look("steps")
    person.go("/samples?text=long")
    page.locator("table.list a").first.click()
    page.get_by_role("link", name="show all of it", exact=True).click()
    assert len(page.locator("pre.completion").inner_text()) > 390_000
    assert page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_samples_are_read_on_any_screen(
    service: Service, open_window: Callable[..., Person], size: str, scheme: str
) -> None:
    person = open_window(service.url, size, scheme)
    page = person.page
    for name in ("drawn", "sorted", "swap", "code-1"):
        person.go(f"/samples?text={name}")
        page.locator("table.list a").first.click()
        if page.locator("pre.completion").count() == 0:
            continue
        person.look(name)
        assert page.evaluate("document.documentElement.scrollHeight") < 3000, name
        for seen in ("h1 .status", ".facts dd", "#why", ".why .said"):
            assert page.locator(seen).first.bounding_box()["y"] < SIZES[size][1], (name, seen)
    person.go("/samples?text=drawn")
    page.locator("table.list a").first.click()
    boxes = [each.bounding_box() for each in page.locator("math").all()]
    assert len(boxes) == 8 and all(box["width"] > 5 and box["height"] > 5 for box in boxes)
    fraction = page.locator("pre.completion mfrac").first
    above, below = (fraction.locator(":scope > *").nth(n).bounding_box() for n in (0, 1))
    assert above["y"] + above["height"] <= below["y"] + 1, "no fraction is drawn"
    page.get_by_role("link", name="as it was written").click()
    assert page.locator("math").count() == 0


def test_the_keyboard_is_enough(service: Service, open_window: Callable[..., Person]) -> None:
    person = open_window(service.url)
    page = person.page
    person.go("/samples")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") > 0, "the skip link is not to be seen"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "verifier"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(7):
        assert page.evaluate(outline) != "none", page.evaluate("document.activeElement.outerHTML")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/samples/*")
    assert page.locator("h1 .status").count() == 1


def test_a_key_is_given_and_forgotten(tmp_path: Path, open_window: Callable[..., Person]) -> None:
    store = Store(f"sqlite:///{tmp_path}/reward.db")
    key = canary.may_see_gold(keys.make(store, "page", "team", ["score", "privileged-why"]))
    store.save([*of_versions("team", OLD, NEW)]).result()
    store.close()
    running = Service(tmp_path, "--workers", "1", "--auth", "required")
    person = open_window(running.wait_ready(), "narrow", "dark")
    page = person.page
    person.go("/samples?status=timeout")
    person.look("no key")
    page.get_by_role("link", name="Log in with a key").click()
    person.look("login")
    page.get_by_label("API key").fill("rk_wrong")
    page.keyboard.press("Enter")
    assert "no key of this service" in page.get_by_role("alert").inner_text()
    person.look("wrong key")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Log in").click()
    assert page.url == f"{person.url}/samples?status=timeout"
    page.locator("table.list a").first.click()
    assert canary.GOLD in page.locator("main").inner_text()
    person.look("privileged")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    person.go("/samples")
    assert page.locator("h1").inner_text() == "A key is needed"
    assert running.end()[0] == 0


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With two runs of three families and thirty steps."""
    folder = tmp_path_factory.mktemp("page-runs-browser")
    store = Store(f"sqlite:///{folder}/reward.db")
    fill(store, Run("demo"))
    fill(store, Run("a run with a rather long name of many words, and<b>markup</b>" + "x" * 120, skill=0.4, seed=1))
    store.close()
    running = Service(folder, "--workers", "1")
    running.wait_ready()
    yield running
    assert running.end()[0] == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_run_is_looked_through(runs: Service, open_window: Callable[..., Person], size: str, scheme: str) -> None:
    person = open_window(runs.url, size, scheme)
    page = person.page

    def look(name: str) -> None:
        person.look(name)
        assert page.evaluate("document.documentElement.scrollHeight") < 3100, name

    person.go("/")
    look("runs overview")
    page.get_by_role("link", name="Runs", exact=True).click()
    look("runs")
    page.get_by_role("link", name="demo", exact=True).click()
    look("run")
    # A picture leaves marks in the page.
    page.reload()
    page.get_by_text("Truncated and masked over steps").click()
    page.get_by_text("By family").click()
    page.get_by_text("What the marks mean").click()
    person.look("run opened")
    # A dot of the picture leads to the groups of its step.
    page.locator("svg.lines g.n1 a").nth(6).click(force=True)
    page.wait_for_url("**step=7*")
    page.locator("table.groups tbody tr").first.wait_for()
    assert page.locator("table.groups tbody tr").count() == 8
    page.get_by_label("Order").select_option("spread")
    page.get_by_role("button", name="Show").click()
    look("groups")
    page.locator("table.groups tbody a:has(b)").first.click()
    look("group")
    page.locator("article h3 a").first.click()
    person.look("sample of a run")
    page.locator("dl.facts a", has_text="step 7").first.click()
    # A click is over before the page that it leads to is there.
    page.locator("article").first.wait_for()
    person.go("/samples?run=demo")
    look("samples of a run")
    person.go("/runs")
    page.get_by_role("button", name="Compare").click()
    assert page.locator(".plot").count() == 3
    look("two runs")


def test_groups_are_walked_through_by_keys(runs: Service, open_window: Callable[..., Person]) -> None:
    person = open_window(runs.url)
    page = person.page
    person.go("/run?run=demo&order=spread&step=7")
    page.locator("table.groups tbody a:has(b)").first.click()
    first = page.locator("h1").inner_text()
    place = page.locator("nav[aria-label=Groups] span")
    for key, shown in (("j", "2"), ("ArrowRight", "3"), ("k", "2"), ("ArrowLeft", "1"), ("ArrowLeft", "1")):
        page.keyboard.press(key)
        page.wait_for_load_state()
        playwright.expect(place).to_have_text(f"{shown} of 24")
    assert page.locator("h1").inner_text() == first
    page.keyboard.press("Control+j")
    page.keyboard.press("Shift+J")
    playwright.expect(place).to_have_text("1 of 24")
    person.go("/run?run=demo")
    page.get_by_role("textbox", name="Step").press("j")
    assert page.get_by_role("textbox", name="Step").input_value() == "j" and "number=" not in page.url
    page.locator("h1").click()
    page.keyboard.press("j")
    page.wait_for_url("**number=2*")
