"""The explorer page: who sees what, keys in cookies, and forms that only our own pages can send."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from canary import GOLD, may_see_gold
from page_samples import items, of_versions
from reward_process import Service

from services import keys
from services.store import Store

PAGES = ("/", "/samples", "/compare", "/samples/" + "0" * 28)
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Visitor:
    """A browser without a screen."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=60)

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.client.get("/login").text)
        assert found
        return found[1]

    def log_in(self, key: str, onward: str = "/", **headers: str) -> httpx.Response:
        fields = {"token": self.token, "key": key, "next": onward}
        return self.client.post("/login", data=fields, headers=headers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page-access")


@pytest.fixture(scope="module")
def given(folder: Path) -> dict[str, str]:
    """Keys by name."""
    store = Store(f"sqlite:///{folder}/reward.db")
    wanted = {
        "ours": ("team", ["score"]),
        "knows": ("team", ["score", "privileged-why"]),
        "reads": ("team", ["privileged-why"]),
        "others": ("other", ["score", "privileged-why"]),
        "registers": ("team", ["register"]),
        "all": ("local", ["admin"]),
        "gone": ("team", ["score"]),
    }
    made = {name: keys.make(store, name, tenant, scopes) for name, (tenant, scopes) in wanted.items()}
    for name in ("knows", "reads", "others", "all"):
        may_see_gold(made[name])
    keys.take_back(store, "gone")
    store.save([*of_versions("team", "a" * 16, "b" * 16)]).result()
    store.close()
    return made


@pytest.fixture(scope="module")
def service(folder: Path, given: dict[str, str]) -> Iterator[Service]:
    """One that wants a key."""
    running = Service(folder, "--workers", "1", "--auth", "required")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors


@pytest.fixture(scope="module")
def sample(service: Service, given: dict[str, str]) -> str:
    """The address of one that cannot be judged, as its reference is bad, and says why."""
    problem = {"verifier": "math", "reference": {"answer": f"{GOLD} or {GOLD} or what"}, "id": "bad"}
    answer = httpx.post(
        f"{service.url}/v1/score",
        json={"items": [{"id": "a", "problem": problem, "completion": {"text": "The answer is 4"}}]},
        headers={"authorization": f"Bearer {given['ours']}"},
        trust_env=False,
        timeout=60,
    ).json()["results"][0]
    assert answer["verdict"]["failure_kind"] == "bad_reference"
    return f"/samples/{answer['verdict_id']}"


@pytest.fixture
def visitor(service: Service) -> Iterator[Visitor]:
    made = Visitor(service.url)
    yield made
    made.client.close()


def test_without_a_key_every_page_asks_for_one(visitor: Visitor, sample: str) -> None:
    for address in (*PAGES, sample):
        answer = visitor.client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert f'href="/login?next={address.replace("/", "%2F")}"' in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "old-0" not in answer.text
    assert visitor.client.get("/login").status_code == 200
    assert visitor.client.get("/web/style.css").headers["content-type"].startswith("text/css")


def test_a_key_opens_the_pages_until_it_is_forgotten(visitor: Visitor, given: dict[str, str], sample: str) -> None:
    answer = visitor.log_in(given["ours"], sample)
    assert (answer.status_code, answer.headers["location"]) == (303, sample)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie and "secure" not in cookie
    assert all(visitor.client.get(address).status_code == 200 for address in (*PAGES[:3], sample))
    assert visitor.client.get("/logout").status_code == 303
    assert visitor.client.get("/").status_code == 200, "a link alone logged out"
    assert visitor.client.post("/logout", data={"token": visitor.token}).status_code == 303
    assert visitor.client.get("/").status_code == 401


def test_over_https_the_cookie_stays_there(visitor: Visitor, given: dict[str, str]) -> None:
    answer = visitor.log_in(given["ours"], **{"X-Forwarded-Proto": "https"})
    assert "; secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("name", ["", "rk_nobody", "gone"])
def test_a_wrong_key_is_said_to_be_wrong(visitor: Visitor, given: dict[str, str], name: str) -> None:
    answer = visitor.log_in(given.get(name, name))
    assert answer.status_code == 401
    assert "no key of this service" in answer.text and "reward_key" not in visitor.client.cookies
    visitor.client.cookies.set("reward_key", given.get(name, name) or "x")
    assert "log out" in visitor.client.get("/").text.lower()


@pytest.mark.parametrize(
    "onward",
    ["https://page.example/", "//page.example/", "/\\page.example", "javascript:alert(1)", "/\r\nX: y", "/%0d%0a<b>"],
)
def test_a_login_leads_nowhere_else(visitor: Visitor, given: dict[str, str], onward: str) -> None:
    assert visitor.log_in(given["ours"], onward).headers["location"] == "/"
    assert 'name="next" value="/"' in visitor.client.get("/login", params={"next": onward}).text


def test_forms_are_taken_from_our_own_pages_only(visitor: Visitor, given: dict[str, str], sample: str) -> None:
    visitor.log_in(given["ours"])
    address, fields = f"{sample}/again", {"token": visitor.token}
    before = visitor.client.get("/samples").text.count('href="/samples/')
    post = visitor.client.post
    assert post(address).status_code == 415
    assert post(address, data={"token": ""}).status_code == 403
    assert post(address, data={"token": "x" * 32}).status_code == 403
    assert post(address, json=fields).status_code == 415
    assert post(address, data={"token": "x" * 20_000}).status_code == 413
    assert post(address, content="a&" * 30, headers=FORM).status_code in (403, 422)
    assert post(address, data={"token": "\ufffd\x00é"}).status_code == 403
    for origin in ("https://page.example", "null", "http://127.0.0.1:1"):
        answer = post(address, data=fields, headers={"origin": origin})
        assert answer.status_code == 403 and answer.headers["content-type"].startswith("text/html")
        assert post("/login", data={**fields, "key": given["all"]}, headers={"origin": origin}).status_code == 403
        assert post("/logout", data=fields, headers={"origin": origin}).status_code == 403
    stranger = {"cookie": f"reward_key={given['ours']}"}
    assert (
        httpx.post(str(visitor.client.base_url) + address, data=fields, headers=stranger, trust_env=False).status_code
        == 403
    )
    assert visitor.client.get("/samples").text.count('href="/samples/') == before
    own = str(visitor.client.base_url).rstrip("/")
    answer = post(address, data=fields, headers={"origin": own})
    assert answer.status_code == 303
    now = visitor.client.get(answer.headers["location"])
    assert now.status_code == 200 and "Before and now" in now.text and f'href="{sample}"' in now.text
    assert answer.headers["location"] in visitor.client.get(sample).text


@pytest.mark.parametrize(
    ("name", "sees", "knows", "judges"),
    [("ours", True, False, True), ("knows", True, True, True), ("reads", True, True, False), ("all", True, True, True),
     ("others", False, False, False)],
)  # fmt: skip
def test_a_key_sees_what_is_its_own(
    visitor: Visitor, given: dict[str, str], sample: str, name: str, sees: bool, knows: bool, judges: bool
) -> None:
    visitor.log_in(given[name])
    page = visitor.client.get(sample)
    assert page.status_code == (200 if sees else 404)
    assert (GOLD in page.text) == knows
    assert ("Judge again" in page.text) == judges
    answer = visitor.client.post(f"{sample}/again", data={"token": visitor.token})
    assert answer.status_code == (303 if judges else 404 if name == "others" else 403)
    listed, compared = visitor.client.get("/samples").text, visitor.client.get("/compare").text
    assert ("old-1" in listed) == ("b" * 16 in compared) == sees
    both = visitor.client.get(f"/compare?verifier=math&a={'a' * 16}&b={'b' * 16}").text
    assert ("30.0 %" in both) == sees
    assert ("Nothing was judged" in visitor.client.get("/").text) == (not sees)
    assert ("<small>team</small>" in listed) == (name == "all")
    # A list shows no reference, whoever asks.
    for shown in (listed, compared, both):
        assert GOLD not in shown


def test_a_key_for_something_else_is_told_so(visitor: Visitor, given: dict[str, str], sample: str) -> None:
    visitor.log_in(given["registers"])
    for address in (*PAGES, sample):
        answer = visitor.client.get(address)
        assert answer.status_code == 403
        assert "lacks the scope score or privileged-why" in answer.text and "/login?next=" in answer.text


def test_without_a_store_every_page_says_so(tmp_path: Path) -> None:
    running = Service(tmp_path, "--workers", "1", "--store", "off")
    running.wait_ready()
    assert httpx.post(f"{running.url}/v1/score", json={"items": items()[:1]}, trust_env=False).status_code == 200
    for address in (*PAGES, "/login"):
        answer = httpx.get(running.url + address, trust_env=False)
        assert answer.status_code == (200 if address in ("/", "/login") else 404)
        assert "No store." in answer.text and "--store sqlite:///FILE" in answer.text
    code, errors = running.end()
    assert code == 0 and "Traceback" not in errors


def test_a_failing_test_is_for_who_may_see_what_was_expected(service: Service, given: dict[str, str]) -> None:
    (item,) = (each for each in items() if each["problem"]["id"] == "sorted")
    headers = {"authorization": f"Bearer {given['ours']}"}
    answer = httpx.post(
        f"{service.url}/v1/score", json={"items": [item]}, headers=headers, trust_env=False, timeout=60
    ).json()["results"][0]
    assert answer["verdict"]["failed_case"] == {"number": 2, "got": "1\n10\n7\n9\n", "is_cut": False}
    pages = {}
    for name in ("ours", "knows"):
        visitor = Visitor(service.url)
        visitor.log_in(given[name])
        pages[name] = visitor.client.get(f"/samples/{answer['verdict_id']}").text
    assert "<mark>10</mark>" in pages["knows"] and "<mark>7</mark>" in pages["knows"] and GOLD in pages["knows"]
    assert "9 1 10 7" in pages["knows"] and "line 2 differs" in pages["knows"]
    assert "<mark>" not in pages["ours"] and "9 1 10 7" not in pages["ours"] and GOLD not in pages["ours"]
    # A program may print its input.
    assert "1\n10\n7\n9\n" not in pages["ours"]
