"""The image and its manifests, read by parsers of Docker's and Kubernetes' formats, and what each has to say."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

import kubernetes_validate
import pytest
import yaml
from dockerfile_parse import DockerfileParser

from services.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
IMAGE = f"reward:{VERSION}"
USER = 10001
# What `services.process` gives requests, and the store by default.
ENDING_SECONDS = 20 + 30


@pytest.fixture(scope="module")
def dockerfile() -> DockerfileParser:
    return DockerfileParser(fileobj=io.BytesIO((DEPLOY / "reward.Dockerfile").read_bytes()))


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "reward.kubernetes.yaml").read_text(encoding="utf-8")))


def one(kind: str) -> dict[str, Any]:
    [found] = [each for each in documents() if each["kind"] == kind]
    return found


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = one("Deployment")["spec"]["template"]["spec"]
    return spec


def given(dockerfile: DockerfileParser, instruction: str) -> list[str]:
    return [each["value"] for each in dockerfile.structure if each["instruction"] == instruction]


def test_the_image_is_pinned_and_not_root(dockerfile: DockerfileParser) -> None:
    [base] = dockerfile.parent_images
    name, tag = base.split(":")
    assert name == "python"
    assert tag.startswith("3.11.") and tag != "latest"
    assert given(dockerfile, "USER") == [str(USER)]
    [made] = [line for line in given(dockerfile, "RUN") if "useradd" in line]
    assert f"--uid {USER} reward" in made
    assert f"-t {IMAGE} ." in dockerfile.content
    assert json.loads(given(dockerfile, "ENTRYPOINT")[0]) == ["python", "-m", "services"]
    assert given(dockerfile, "EXPOSE") == ["8300"]
    # No instruction that Docker does not know, none that fetches from an address.
    assert {each["instruction"] for each in dockerfile.structure} <= {
        *("COMMENT", "FROM", "RUN", "COPY", "WORKDIR", "USER", "ENV", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT")
    }


def test_steps_of_the_image_are_shell(dockerfile: DockerfileParser) -> None:
    for step in given(dockerfile, "RUN"):
        subprocess.run(["sh", "-n", "-c", step], check=True)
    [check] = given(dockerfile, "HEALTHCHECK")
    command = json.loads(check.partition("CMD")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/healthz" in command[2]


def test_the_image_holds_what_it_is_built_of(dockerfile: DockerfileParser) -> None:
    copied = [name for line in given(dockerfile, "COPY") for name in shlex.split(line)[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    assert set(copied) >= {"verifiers", "services", "rollout", "rlcore", "pyproject.toml", "deploy/constraints.txt"}
    ignored = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    # Everything is left out but what is copied.
    assert ignored[0] == "*"
    assert sorted(line[1:] for line in ignored if line.startswith("!")) == sorted(copied)
    assert {"**/__pycache__", "**/*.pyc"} <= set(ignored)


def variables(dockerfile: DockerfileParser) -> dict[str, dict[str, str]]:
    """Of the service, where each manifest sets them."""
    compose = yaml.safe_load((DEPLOY / "reward.compose.yaml").read_text(encoding="utf-8"))["services"]["reward"]
    environment = pod()["containers"][0]["env"]
    return {
        "image": {name: value for name, value in dockerfile.envs.items() if name.startswith(PREFIX)},
        "compose": dict(compose["environment"]) | {"REWARD_ADMIN_KEY": "x" * 32},
        "kubernetes": {each["name"]: each.get("value", "sqlite:///x") for each in environment},
    }


def test_variables_are_settings(dockerfile: DockerfileParser) -> None:
    found = variables(dockerfile)
    for more in found.values():
        read = Settings.from_environment(found["image"] | more)
        assert (read.host, read.port, read.access_log) == ("0.0.0.0", 8300, True)
    assert all("REWARD_ADMIN_KEY" in found[name] for name in ("compose", "kubernetes"))


@pytest.mark.parametrize("version", ["1.31", "1.34", "1.37"])
@pytest.mark.parametrize("kind", ["Deployment", "PodDisruptionBudget", "Service"])
def test_kubernetes_knows_every_field(kind: str, version: str) -> None:
    kubernetes_validate.validate(one(kind), version, strict=True)


def test_the_validation_finds_a_field_that_is_not_known() -> None:
    wrong = one("PodDisruptionBudget")
    wrong["spec"]["minAvailabel"] = wrong["spec"].pop("minAvailable")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def test_pods_are_confined_and_end_in_good_order() -> None:
    [container] = pod()["containers"]
    assert container["image"] == IMAGE
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["runAsUser"] == USER
    assert pod()["automountServiceAccountToken"] is False
    assert pod()["enableServiceLinks"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp"}
    command, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command == "sleep"
    assert pod()["terminationGracePeriodSeconds"] >= ENDING_SECONDS + int(seconds) + 5
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    # A probe that waits for its control job (8 s) is not given up before.
    assert container["readinessProbe"]["timeoutSeconds"] > 8


def test_a_drain_leaves_a_replica_and_all_select_the_same_pods() -> None:
    labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert one("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert one("Service")["spec"]["selector"] == labels
    assert 0 < one("PodDisruptionBudget")["spec"]["minAvailable"] < one("Deployment")["spec"]["replicas"]
    [port] = one("Service")["spec"]["ports"]
    assert port["targetPort"] in {each["name"] for each in pod()["containers"][0]["ports"]}


def test_compose_is_pinned_and_confined() -> None:
    compose = yaml.safe_load((DEPLOY / "reward.compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert services["reward"]["image"] == IMAGE
    name, tag = services["postgres"]["image"].split(":")
    assert name == "postgres" and "." in tag
    context = DEPLOY / services["reward"]["build"]["context"]
    assert (context / services["reward"]["build"]["dockerfile"]).samefile(DEPLOY / "reward.Dockerfile")
    assert services["reward"]["read_only"] is True
    assert services["reward"]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in services["reward"]["security_opt"]
    assert "/tmp" in services["reward"]["tmpfs"]
    assert int(services["reward"]["stop_grace_period"].removesuffix("s")) > ENDING_SECONDS
    # From outside this machine nobody reaches it.
    assert all(PurePosixPath(port).name.startswith("127.0.0.1:") for port in services["reward"]["ports"])
    named = {volume.partition(":")[0] for each in services.values() for volume in each.get("volumes", ())}
    assert named == set(compose["volumes"])
