"""The pages of runs, steps and groups over HTTP: what they count, where they lead, what labels cannot do to them."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from canary import GOLD, may_see_gold
from page_reader import OURS, Reader
from reward_process import Service
from run_samples import Run, fill

from services import keys, rollouts, tables
from services.schemas import Labels
from services.store import Store
from verifiers.types import Status, Verdict

HOSTILE = "<b onload=x>\"'&{{ 7*7 }}</b>"
DEMO = Run("demo", steps=4, groups=3, samples=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page-runs")


@pytest.fixture(scope="module")
def given(folder: Path) -> dict[str, str]:
    """Keys by name; two runs of the team, one of the same name of others, and one whose labels would be markup."""
    store = Store(f"sqlite:///{folder}/reward.db")
    scopes = {"ours": ["score"], "knows": ["privileged-why"], "others": ["score"], "all": ["admin"]}
    made = {
        name: keys.make(store, name, "other" if name == "others" else "team", wanted) for name, wanted in scopes.items()
    }
    for name in ("knows", "all"):
        may_see_gold(made[name])
    fill(store, Run("demo", steps=4, groups=3, samples=4, tenant="team"))
    fill(store, Run("better", steps=4, groups=3, samples=4, tenant="team", skill=0.4, seed=1))
    fill(store, Run("demo", steps=1, groups=1, samples=2, tenant="other"))
    hostile = Labels(run=HOSTILE, step=None, family=HOSTILE, group=HOSTILE, sample=None, problem=HOSTILE)
    fill(store, Run("plain", steps=1, families=("math",), groups=1, samples=1, tenant="team"))
    (row,) = store.read(tables.rollouts.select().where(tables.rollouts.c.run == "plain"))
    odd = rollouts.row_of(
        "team", hostile, Verdict.of(Status.WRONG), row["verdict"], chars=3, number=0, now=1_790_000_000.0
    )
    store.save([], [odd]).result()
    store.close()
    return made


@pytest.fixture(scope="module")
def service(folder: Path, given: dict[str, str]) -> Iterator[Service]:
    running = Service(folder, "--workers", "1", "--auth", "required")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors


def ordered(address: str) -> str:
    """With its parameters in the order of their names."""
    path, _, query = address.partition("?")
    return path + "?" + urlencode(sorted(parse_qsl(query.partition("#")[0])))


class Visitor:
    """Reads pages with a key; each must be well formed and of our own elements."""

    def __init__(self, url: str, key: str) -> None:
        self.client = httpx.Client(
            base_url=url, trust_env=False, timeout=60, headers={"authorization": f"Bearer {key}"}
        )

    def read(self, address: str, status: int = 200) -> tuple[str, str]:
        """The page, and its text."""
        answer = self.client.get(address)
        assert answer.status_code == status, answer.text
        read = Reader(answer.text)
        assert read.tags <= OURS
        assert not [name for name, _ in read.attributes if name.startswith("on") or name == "style"]
        return answer.text, read.text

    def links(self, page: str, path: str) -> list[str]:
        """Addresses with this path, each once, in order."""
        found = [html.unescape(each) for each in re.findall(r'href="([^"]+)"', page)]
        return list(dict.fromkeys(ordered(each) for each in found if urlsplit(each).path == path))


@pytest.fixture(scope="module")
def visit(service: Service, given: dict[str, str]) -> dict[str, Visitor]:
    return {name: Visitor(service.url, key) for name, key in given.items()}


def test_runs_are_listed_to_their_tenant(visit: dict[str, Visitor]) -> None:
    page, text = visit["ours"].read("/runs")
    assert set(visit["ours"].links(page, "/run")) == {
        "/run?run=demo",
        "/run?run=better",
        "/run?run=plain",
        visit["ours"].links(page, "/run")[-1],
    }
    assert HOSTILE in text and "144" in text
    page, text = visit["others"].read("/runs")
    assert visit["others"].links(page, "/run") == ["/run?run=demo"]
    assert "better" not in text
    page, _ = visit["all"].read("/runs")
    assert {"/run?run=demo&tenant=team", "/run?run=demo&tenant=other"} <= set(visit["all"].links(page, "/run"))


def test_a_run_is_of_whoever_may_see_it(visit: dict[str, Visitor]) -> None:
    assert "no run 'better' of yours" in visit["others"].read("/run?run=better", 404)[1]
    assert "no run" in visit["others"].read("/run?run=demo&tenant=team", 404)[1]
    _, text = visit["all"].read("/run?run=demo&tenant=other")
    assert "runs of this name of other tenants" in text and "Samples6" in text
    _, text = visit["all"].read("/run?run=demo&tenant=team")
    assert "Samples144" in text


def test_a_run_has_a_line_for_each_family(visit: dict[str, Visitor]) -> None:
    page, text = visit["ours"].read("/run?run=demo")
    assert len(re.findall(r'<g class="n\d">', page)) >= 3
    titles = re.findall(r"<title>(lean, step \d+: [^<]+)</title>", page)
    assert len(titles) == 4 and re.fullmatch(r"lean, step 1: 0\.\d{3} \(\d+ samples\).*", titles[0])
    assert "/run?run=demo&step=2&family=lean#groups" in html.unescape(page)
    assert "step 1" in text and "step 4" in text


@pytest.mark.parametrize("order", ["newest", "spread", "reward", "length"])
def test_groups_stand_in_order(visit: dict[str, Visitor], folder: Path, order: rollouts.Order) -> None:
    addresses = []
    for number in range(1, 10):
        page, _ = visit["ours"].read(f"/run?run=demo&order={order}&number={number}")
        addresses += visit["ours"].links(page, "/group")
        if 'rel="next"' not in page:
            break
    shown = [dict(parse_qsl(urlsplit(each).query)) for each in addresses]
    store = Store(f"sqlite:///{folder}/reward.db")
    wanted = [(str(each.step), each.group) for each in rollouts.groups(store, "team", "demo", order=order)]
    store.close()
    assert [(each["step"], each["group"]) for each in shown] == wanted
    assert len(wanted) == 36


def test_groups_are_filtered(visit: dict[str, Visitor]) -> None:
    page, _ = visit["ours"].read("/run?run=demo&step=2&family=lean")
    groups = visit["ours"].links(page, "/group")
    assert len(groups) == 3 and all("step=2" in each and "at=2" in each for each in groups)
    assert "/v1/verdicts/export?run=demo&step=2&family=lean" in html.unescape(page)
    assert "No group fits" in visit["ours"].read("/run?run=demo&family=nothing")[1]


def test_every_mark_is_a_sample(visit: dict[str, Visitor], folder: Path) -> None:
    page, _ = visit["ours"].read("/run?run=demo&step=1&family=math")
    marks = re.findall(
        r'<a class="cell ([a-z-]+)" href="(/samples/[0-9a-f]+)" title="([^"]+)" aria-label="([^"]+)"', page
    )
    assert len(marks) == 12
    for kind, link, title, label in marks:
        assert title == label and f": {kind.replace('-', ' ')}, reward" in title
        assert f"{kind.replace('-', ' ')}" in visit["ours"].read(link)[1]


def test_a_group_is_walked_through(visit: dict[str, Visitor]) -> None:
    page, _ = visit["ours"].read("/run?run=demo&order=spread&family=code")
    first, *others = visit["ours"].links(page, "/group")
    seen = [first]
    while True:
        page, text = visit["ours"].read(seen[-1])
        following = re.search(r'<a rel="next" href="([^"]+)"', page)
        assert f"{len(seen)} of 12" in text
        if following is None:
            break
        seen.append(ordered(html.unescape(following[1])))
    assert seen == [first, *others]
    for before in reversed(seen[:-1]):
        found = re.search(r'<a rel="prev" href="([^"]+)"', page)
        assert found and ordered(html.unescape(found[1])) == before
        page, _ = visit["ours"].read(before)
    assert 'rel="prev"' not in page


def test_a_group_shows_equal_answers_once(visit: dict[str, Visitor], folder: Path) -> None:
    store = Store(f"sqlite:///{folder}/reward.db")
    groups = rollouts.groups(store, "team", "demo")
    members = rollouts.members(store, "team", "demo", [each.place for each in groups])
    store.close()
    step, family, group = next(key for key, rows in members.items() if len({row["verdict"] for row in rows}) == 3)
    page, text = visit["ours"].read(f"/group?run=demo&step={step}&family={family}&group={group}")
    assert page.count("<article") == 3 and text.count("×2") == 1
    assert "3 different of 4" in text


def test_what_was_expected_is_for_those_who_may_see_it(visit: dict[str, Visitor]) -> None:
    page, _ = visit["ours"].read("/run?run=demo&family=code")
    address = visit["ours"].links(page, "/group")[0]
    page, text = visit["ours"].read(address)
    assert GOLD not in page and "tests that a program must pass" in text
    assert GOLD in visit["knows"].read(address)[0]


@pytest.mark.parametrize(
    ("reward", "rewards", "shown"),
    [
        (1.0, [1.0, 0.0, 0.0, 0.0], "+1.50"),
        (0.0, [1.0, 0.0, 0.0, 0.0], "-0.50"),
        (None, [1.0, 0.0], "none: masked"),
        (1.0, [1.0, 1.0], "0: all rewards are the same"),
        (1.0, [1.0], "0: nothing to compare it with"),
    ],
)
def test_the_advantage_is_within_the_group(reward: float | None, rewards: list[float], shown: str) -> None:
    from services.web.run_pages import _advantage

    assert _advantage(reward, rewards) == shown


def test_labels_are_never_markup(visit: dict[str, Visitor]) -> None:
    page, text = visit["ours"].read("/run?" + str(httpx.QueryParams({"run": HOSTILE})))
    assert HOSTILE in text and "No sample has a step" in text
    (address,) = visit["ours"].links(page, "/group")
    page, text = visit["ours"].read(address)
    assert HOSTILE in text and "49" not in text
    page, text = visit["ours"].read("/samples?" + str(httpx.QueryParams({"family": HOSTILE})))
    assert HOSTILE in text
    assert visit["ours"].links(page, "/group") == [address]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/run", 404, "/runs lists them"),
        ("/run?run=%00", 404, "/runs lists them"),
        ("/run?run=demo&order=best", 422, "newest, spread, reward, length"),
        ("/run?run=demo&step=x", 422, "whole number"),
        ("/run?run=demo&step=-1", 422, "whole number"),
        ("/run?run=demo&step=99999999999", 422, "whole number"),
        ("/run?run=demo&step=%D9%A3", 422, "whole number"),
        ("/run?run=demo&number=999", 200, "page 3 of 3"),
        ("/run?run=demo&number=0", 200, "page 1 of 3"),
        ("/group?run=demo&step=1&family=math&group=nope", 404, "open the run and choose one"),
        ("/group?run=demo&group=%00", 404, "open the run and choose one"),
        ("/runs/compare", 422, "choose two runs"),
        ("/runs/compare?a=demo&b=demo", 422, "one run, twice"),
        ("/runs/compare?a=demo&b=team/better", 404, "/runs lists them"),
        ("/samples?step=x", 422, "whole number"),
    ],
)
def test_nonsense_is_told_the_remedy(visit: dict[str, Visitor], address: str, status: int, said: str) -> None:
    assert said in visit["ours"].read(address, status)[1]


def test_two_runs_are_compared(visit: dict[str, Visitor]) -> None:
    page, text = visit["ours"].read("/runs/compare?a=demo&b=better")
    assert page.count('class="plot low"') == 3
    assert len(visit["ours"].links(page, "/group")) > 10
    for name in ("math", "code", "lean", "all"):
        assert name in text
    visit["ours"].read(visit["ours"].links(page, "/group")[0])
    page, _ = visit["all"].read("/runs/compare?a=team%2Fdemo&b=other%2Fdemo")
    assert {"/run?run=demo&tenant=team", "/run?run=demo&tenant=other"} <= set(visit["all"].links(page, "/run"))


def test_samples_are_listed_by_their_labels(visit: dict[str, Visitor]) -> None:
    page, _ = visit["ours"].read("/samples?run=demo&step=3&family=math")
    assert page.count('data-label="verifier"') == 12
    assert "/v1/verdicts/export?run=demo&step=3&family=math" in html.unescape(page)
    address = visit["ours"].links(page, "/group")[0]
    page, _ = visit["ours"].read(address)
    sample = re.search(r'href="(/samples/[0-9a-f]+)"', page)
    assert sample
    page, _ = visit["ours"].read(sample[1])
    assert visit["ours"].links(page, "/group")


def test_the_list_of_a_run_has_every_sample_once(visit: dict[str, Visitor], folder: Path) -> None:
    client, found = visit["ours"].client, []
    query: dict[str, str] = {"run": "demo", "limit": "50"}
    while True:
        answer = client.get("/v1/verdicts", params=query).json()
        found += [
            (each["labels"]["step"], each["labels"]["group"], each["labels"]["sample"]) for each in answer["verdicts"]
        ]
        if answer["cursor"] is None:
            break
        query["cursor"] = answer["cursor"]
    assert len(found) == 144 == len(set(found))


def test_answers_of_a_group_are_drawn(visit: dict[str, Visitor]) -> None:
    """Formulas and the steps of a proof, as on the page of a sample; nothing is named twice."""
    drawn = {}
    for family in ("math", "lean"):
        listed, _ = visit["ours"].read(f"/run?run=demo&family={family}&order=spread")
        pages = [visit["ours"].read(address)[0] for address in visit["ours"].links(listed, "/group")]
        drawn[family] = "".join(pages)
        for page in pages:
            ids = re.findall(r' id="([^"]+)"', page)
            assert len(ids) == len(set(ids))
    assert "<math" in drawn["math"] and '<span class="step failed"' in drawn["lean"]
