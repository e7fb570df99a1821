"""The explorer page over HTTP: what it shows to whom, and that a text of a model is never markup."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from page_reader import OURS, Reader
from page_samples import HOSTILE, LONG, items, of_versions, stepped
from reward_process import Service
from stored import stored

from services.samples import Filter
from services.store import Store
from services.web import queries, text
from verifiers.types import Step

OLD, NEW = "a" * 16, "b" * 16
PAGES = ("/", "/samples", "/compare", f"/compare?verifier=math&a={OLD}&b={NEW}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    """With samples of every kind."""
    running = Service(folder, "--workers", "1", "--deadline", "5")
    running.wait_ready()
    answer = httpx.post(f"{running.url}/v1/score", json={"items": items()}, timeout=120, trust_env=False)
    assert answer.status_code == 200, answer.text
    store = store_of(folder)
    store.save([*of_versions("local", OLD, NEW), stepped("local")]).result()
    store.close()
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    """Keeps cookies."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as client:
        yield client


def store_of(folder: Path) -> Store:
    return Store(f"sqlite:///{folder}/reward.db")


def links(page: str) -> list[str]:
    """Of the samples in a list, in order."""
    return list(dict.fromkeys(re.findall(r'href="(/samples/[0-9a-f]{28})"', page)))


def everything(client: httpx.Client) -> list[str]:
    """The links of all samples, page after page."""
    found: list[str] = []
    address: str | None = "/samples"
    while address:
        page = client.get(address).text
        found += links(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else None
    return found


def test_the_list_has_every_sample_once(browser: httpx.Client, folder: Path) -> None:
    store = store_of(folder)
    wanted = [f"/samples/{each.id}" for each in stored(store)]
    store.close()
    assert everything(browser) == wanted
    assert len(wanted) > 50, "not even two pages"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (f"version={NEW}", 20),
        (f"version={NEW}&status=correct", 5),
        ("verifier=code&status=timeout", 1),
        ("text=hostile", len(HOSTILE)),
        ("text=%00byte", 1),
        ("text=%25", sum("%" in said for said in HOSTILE.values())),
        ("text=%00nowhere", 0),
        (f"version={NEW}&window=5m", 20),
        ("before=0", 0),
        ("verifier=%00", 0),
        ("verifier=%22%3E%3Cscript%3E&status=%3Cb%3E", 0),
    ],
)
def test_the_list_is_filtered(browser: httpx.Client, query: str, count: int) -> None:
    answer = browser.get(f"/samples?{query}")
    assert answer.status_code == 200
    assert len(links(answer.text)) == count
    assert Reader(answer.text).tags <= OURS


def test_no_text_of_a_model_is_markup(browser: httpx.Client, service: Service) -> None:
    addresses = everything(browser)
    for address in (*PAGES, *addresses, *(f"{address}?full=1" for address in addresses)):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; base-uri 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        read = Reader(answer.text)
        assert read.tags <= OURS, address
        for name, value in read.attributes:
            assert not name.startswith("on") and name != "style", (address, name)
            if name in ("href", "src", "action"):
                assert re.match(r"[/#](?!/)", value), (address, value)
        # A tab and a newline are all that controls anything.
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", answer.text)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ("blank", "empty")])
def test_hostile_texts_can_be_read(browser: httpx.Client, name: str) -> None:
    (address,) = links(browser.get("/samples", params={"text": f"hostile <b>{name}</b>"}).text)
    read = Reader(browser.get(address).text)
    assert f"hostile <b>{name}</b>" in read.text
    shown = re.sub(
        "[\x00-\x08\x1b\u200b\u202a-\u202e\u2066-\u2069\ufeff]", lambda c: f"U+{ord(c[0]):04X}", HOSTILE[name]
    )
    assert shown in read.text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a<b>&\"'", "a&lt;b&gt;&amp;&#34;&#39;"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("\u202ex", '<span class="hidden-char" title="right-to-left override">U+202E</span>x'),
        ("\0\0\0", '<span class="hidden-char" title="control or private character">U+0000 ×3</span>'),
        ("\r\r", '<span class="hidden-char" title="control or private character">U+000D ×2</span>'),
        ("\ud800", '<span class="hidden-char" title="control or private character">U+D800</span>'),
        ("\U000e0041", '<span class="hidden-char" title="tag latin capital letter a">U+E0041</span>'),
        ("héllo 数学 ∀", "héllo 数学 ∀"),
    ],
)
def test_what_cannot_be_seen_is_shown(given: str, shown: str) -> None:
    assert text.visible(given) == shown
    assert not re.search("[\0\r\u202e\ud800]", text.plain(given))


def test_spans_are_coloured_by_their_innermost_step() -> None:
    steps = stepped("local").verdict.steps
    page = text.marked("first <i>second</i> third fourth", steps)
    page, _, told = page.partition('<span class="told">')
    spans = re.findall(r'<span class="step ([a-z-]+)"( id="at-\d+")? title="([^"]+)">([^<]*)</span>', page)
    assert spans == [
        ("failed", ' id="at-1"', "step 1: failed: &lt;b&gt;outer&lt;/b&gt; failed", "first "),
        ("accepted", ' id="at-2"', "step 2: accepted: inner[U+202E]", "&lt;i&gt;second&lt;/i&gt;"),
        ("not-reached", ' id="at-3"', "step 3: not reached", "third"),
        ("failed", ' id="at-4"', "step 4: failed: beyond the end", "fourth"),
    ]
    assert re.sub("<[^>]+>", "", page) == "first &lt;i&gt;second&lt;/i&gt; third fourth"
    assert told == (
        "<b>step 1 failed:</b> &lt;b&gt;outer&lt;/b&gt; failed</span>"
        '<span class="told"><b>step 4 failed:</b> beyond the end</span>'
    )
    assert re.sub("<span class=.told.*|<[^>]+>", "", text.marked("abcdef", steps, 3)) == "abc"
    many = [Step(start=n, end=n + 2000, status="accepted") for n in range(20_000)]
    assert len(re.sub("<[^>]+>", "", text.marked("x" * 30_000, many))) == 30_000


def test_a_long_text_is_cut_until_asked_for(browser: httpx.Client) -> None:
    (address,) = links(browser.get("/samples?text=long").text)
    page = browser.get(address).text
    assert page.count("word") == text.CUT_CHARS // 5 and len(page) < 40_000
    assert f"{address}?full=1" in page
    assert LONG in browser.get(f"{address}?full=1").text


def test_a_sample_says_why(browser: httpx.Client) -> None:
    (address,) = links(browser.get("/samples?verifier=code&status=timeout").text)
    read = Reader(browser.get(address).text)
    for part in ("timeout", "while True: pass", '"verifier": "code"', "What to do:", "endless", "Judge again", address):
        assert part in read.text, part


def test_formulas_are_drawn_unless_the_text_is_asked_for(browser: httpx.Client) -> None:
    (address,) = links(browser.get("/samples?text=drawn").text)
    page = browser.get(address).text
    assert page.count("<math ") == 8 and "They cost $5 and $6, &lt;b&gt;not&lt;/b&gt; `$7$`." in page
    raw = browser.get(f"{address}?raw=1").text
    assert f'href="{address}?raw=1#completion"' in page and f'href="{address}#completion"' in raw
    assert "<math" not in raw and r"\boxed{\frac{3}{4}}" in Reader(raw).text


def test_a_failing_test_stands_beside_what_came_out(browser: httpx.Client) -> None:
    (address,) = links(browser.get("/samples?text=sorted").text)
    read = Reader(browser.get(address).text)
    # Input and outputs are for privileged keys (test_page_access.py): a program may print its input.
    assert "The failing test" in read.text and "see the test, its input" in read.text
    assert "1\n10\n7\n9\n" not in read.text and "9 1 10 7" not in read.text


def test_the_overview_counts(folder: Path, service: Service) -> None:
    store = store_of(folder)
    samples = stored(store, Filter(tenant="local"), 10_000)
    found = queries.overview(store, "local", queries.WINDOWS["1d"])
    assert queries.overview(store, "nobody", queries.WINDOWS["1d"]).all.total == 0
    assert queries.overview(store, None, queries.WINDOWS["1d"]).all.total == len(samples)
    store.close()
    for name, tally in {**found.verifiers, None: found.all}.items():
        of_it = [each.verdict for each in samples if name in (None, each.verdict.verifier)]
        assert tally.total == len(of_it) == sum(tally.bins.values()) == sum(map(sum, tally.times))
        assert tally.statuses == {
            each: sum(v.status == each for v in of_it) for each in {v.status.value for v in of_it}
        }
        rewards = [each.reward for each in of_it if each.reward is not None]
        assert tally.mean_reward == pytest.approx(sum(rewards) / len(rewards))
        assert tally.longest == max(each.seconds for each in of_it)
        assert tally.bins.get(11, 0) == rewards.count(1.0) and tally.bins.get(0) == rewards.count(0.0)
        assert tally.bins.get(3, 0) == rewards.count(0.25)
        assert sum(each[2] for each in tally.times) == tally.bins.get(queries.NO_REWARD, 0)
    slowest = sorted((each.verdict.seconds for each in samples), reverse=True)[:10]
    assert [row["seconds"] for row in found.slowest] == slowest


def test_versions_are_compared_by_their_newest_verdicts(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/s.db")
    samples = list(of_versions("t", OLD, NEW))
    # The old version once said what the new one says; that it changed its mind since is what counts.
    stale = [replace(each, id=f"{n:028x}") for n, each in enumerate(of_versions("t", NEW, OLD))]
    store.save([*samples, *stale[1::2], *of_versions("other", OLD, NEW)]).result()
    counts, changed = queries.compared(store, "t", "math", OLD, NEW)
    assert counts == {("wrong", "wrong"): 14, ("wrong", "correct"): 5, ("wrong", "timeout"): 1}
    assert {(row["old_id"], row["new_id"]) for row in changed} == {
        (samples[n].id, samples[n + 1].id) for n in range(0, 12, 2)
    }
    assert queries.compared(store, None, "math", OLD, NEW)[0]["wrong", "wrong"] == 28
    assert queries.compared(store, "nobody", "math", OLD, NEW) == ({}, [])
    assert [row["version"] for row in queries.versions(store, "t")["math"]].count(OLD) == 1
    store.close()


def test_the_comparison_links_what_changed(browser: httpx.Client) -> None:
    page = browser.get(PAGES[-1]).text
    assert "old-0" in page and "30.0 %" in page
    assert len(links(page)) == 12
    assert "Choose two different versions" in browser.get(f"/compare?verifier=math&a={OLD}&b={OLD}").text
    nothing = browser.get("/compare?verifier=math&a=%00&b=b")
    assert nothing.status_code == 200 and not links(nothing.text)


@pytest.mark.parametrize("address", ["/samples/" + "0" * 28, "/samples/nope", "/samples/%00", "/web/none.css"])
def test_what_is_not_there_is_a_page(browser: httpx.Client, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert Reader(answer.text).tags <= OURS and 'href="/samples"' in answer.text


def test_pages_are_no_part_of_the_api(browser: httpx.Client) -> None:
    paths = browser.get("/openapi.json").json()["paths"]
    assert not [path for path in paths if urlsplit(path).path in ("/", "/samples", "/login", "/compare")]


def test_the_reference_of_the_api_has_every_address_and_needs_no_network(browser: httpx.Client) -> None:
    page = browser.get("/docs").text
    for path in browser.get("/openapi.json").json()["paths"]:
        assert path in page
    assert "ScoreRequest" in page and "finish_reason" in page
    assert Reader(page).tags <= OURS
    assert "://" not in page.replace("sqlite:///FILE", "")
