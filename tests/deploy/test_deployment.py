"""What is shipped to deploy with: every file says what the product can do, asks for no more, and holds no secret."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reviewbot.config import Settings
from reviewbot.domain.secret_text import hidden
from reviewbot.server.metrics import METRICS
from reviewbot.setting_layers import variable_name

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = [
    *sorted(one for one in DEPLOY.rglob("*") if one.is_file() and "__pycache__" not in one.parts),
    ROOT / "action.yml",
]
WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))
SETTINGS = {variable_name(field) for field in Settings.model_fields}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / "reviewbot.yaml").read_text()))


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for one in documents() if one["kind"] == kind]


@pytest.mark.parametrize("path", [*FILES, *WORKFLOWS], ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path):
    named = set(re.findall(r"\b(?:REVIEWBOT|ANTHROPIC|OPENAI)_[A-Z0-9_]+\b", path.read_text()))
    others = {"REVIEWBOT_IMAGE"}

    unknown = {name for name in named if name.removesuffix("_FILE") not in SETTINGS} - others

    assert {one for one in unknown if "secrets." + one not in path.read_text()} == set()


@pytest.mark.parametrize("path", [*FILES, *WORKFLOWS], ids=lambda path: path.name)
def test_no_file_holds_a_secret(path: Path):
    assert hidden(path.read_text()).secrets == frozenset()


def test_the_image_is_made_as_a_careful_person_would():
    lines = [line.strip() for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]
    words = " ".join(lines)

    assert re.search(r"^ARG BASE=python:\d+\.\d+\.\d+-slim-\w+$", DOCKERFILE, re.M), "the base is pinned"
    assert "latest" not in DOCKERFILE
    assert not [line for line in lines if line.startswith("ADD ")]
    assert lines.index("USER 10001:10001") > max(at for at, line in enumerate(lines) if line.startswith("RUN"))
    assert (
        words.count("apt-get install") == words.count("--no-install-recommends") == words.count("rm -rf /var/lib/apt")
    )
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/healthz" in DOCKERFILE
    assert not re.search(r"^(?:ENV|ARG).*(?:KEY|SECRET|TOKEN|PASSWORD)", DOCKERFILE, re.M)
    assert "--require-hashes" in (DEPLOY / "install.sh").read_text()


def test_the_build_sees_only_what_it_needs():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert ignored[0] == "*"
    for line in ignored[1:]:
        assert line.startswith("**") or (ROOT / line.removeprefix("!")).exists(), line


def test_compose_starts_a_server_two_workers_and_a_database():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]

    assert services.keys() == {"server", "worker", "database"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert "ports" not in services["database"], "nobody else needs it"
    assert all(port.startswith("127.0.0.1:") for port in services["server"]["ports"])
    for name in ("server", "worker"):
        one = services[name]
        assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
        assert one["depends_on"]["database"]["condition"] == "service_healthy"
        assert set(one["secrets"]) <= compose["secrets"].keys()
        for variable, value in one["environment"].items():
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in one["secrets"], variable
    assert services["database"]["healthcheck"]["test"]


def test_compose_itself_finds_no_fault():
    docker = shutil.which("docker")
    has_compose = (
        docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    )
    if not has_compose:
        pytest.skip("no docker compose on this machine: the file is checked by its structure alone")
    command = [str(docker), "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env={"REVIEWBOT_GITHUB_APP_ID": "1"}, check=False)
    assert done.returncode == 0, done.stderr


def containers() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found = []
    for deployment in of_kind("Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        found += [(pod, container) for container in pod["containers"]]
    return found


def test_kubernetes_runs_nothing_as_root_and_gives_no_powers():
    assert len(containers()) == 2
    for pod, container in containers():
        security = container["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert ":" in container["image"]
        assert not container["image"].endswith(":latest")


def test_kubernetes_reads_secrets_from_files_that_are_mounted():
    for pod, container in containers():
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        assert {"/tmp", "/var/lib/reviewbot"} <= mounted, "what is written to is not the image"
        for variable in container["env"]:
            assert variable["name"].endswith("_FILE")
            assert str(Path(variable["value"]).parent) in mounted


def test_kubernetes_asks_the_server_how_it_is_where_it_answers():
    (_, server), _ = containers()
    ports = {port["name"] for port in server["ports"]}
    for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz"), ("startupProbe", "/healthz")):
        assert server[probe]["httpGet"]["path"] == path
        assert server[probe]["httpGet"]["port"] in ports
    (service,) = of_kind("Service")
    assert service["spec"]["ports"][0]["targetPort"] in ports


def test_kubernetes_selectors_find_what_they_are_for():
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment")]
    for deployment, own in zip(of_kind("Deployment"), labels, strict=True):
        assert deployment["spec"]["selector"]["matchLabels"] == own
    selectors = [
        of_kind("Service")[0]["spec"]["selector"],
        of_kind("NetworkPolicy")[0]["spec"]["podSelector"]["matchLabels"],
        of_kind("PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"],
    ]
    for selector in selectors:
        assert any(selector.items() <= own.items() for own in labels)
    scaler = of_kind("HorizontalPodAutoscaler")[0]["spec"]
    assert scaler["scaleTargetRef"]["name"] in {one["metadata"]["name"] for one in of_kind("Deployment")}


def test_the_autoscaler_asks_for_a_metric_that_there_is():
    (rule,) = yaml.safe_load((DEPLOY / "kubernetes" / "metric-rule.yaml").read_text())
    metric = of_kind("HorizontalPodAutoscaler")[0]["spec"]["metrics"][0]["external"]["metric"]["name"]

    assert rule["name"]["as"] == metric
    assert re.match(r"reviewbot_\w+", rule["seriesQuery"])[0] in {one.name for one in METRICS}


@pytest.mark.parametrize("name", ["reviewbot.service", "reviewbot-worker@.service"])
def test_a_unit_is_locked_in_and_in_order(name: str, tmp_path: Path):
    text = (DEPLOY / "systemd" / name).read_text()
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "DynamicUser=yes",
        "CapabilityBoundingSet=",
        "PrivateTmp=yes",
    ):
        assert line in text.splitlines()
    credentials = set(re.findall(r"^LoadCredential=(\w+):", text, re.M))
    assert set(re.findall(r"=%d/(\w+)$", text, re.M)) == credentials
    analyser = shutil.which("systemd-analyze")
    if analyser is None:
        pytest.skip("no systemd on this machine: the unit is checked by its structure alone")
    unit = tmp_path / name.replace("@", "@1")
    unit.write_text(text.replace("/opt/reviewbot/bin/reviewbot", shutil.which("true") or "/bin/true"))
    done = subprocess.run([analyser, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    told = [line for line in done.stderr.splitlines() if name.partition("@")[0] in line]
    assert told == []


def test_s37_no_workflow_gives_a_stranger_anything():
    tool = str(Path(sys.executable).with_name("zizmor"))
    paths = [str(ROOT / "action.yml"), str(ROOT / ".github")]
    command = [tool, "--offline", "--no-progress", "--min-severity", "medium", "--format", "plain", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_s37_every_action_is_pinned_and_no_run_line_takes_a_strangers_words(path: Path):
    text = path.read_text()
    for used in re.findall(r"uses: (\S+)(.*)", text):
        if not used[0].startswith("./"):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used[0]), used
            assert re.match(r" # v\d+\.\d+\.\d+$", used[1]), used
    assert not re.search(r"^on:.*pull_request_target|^\s+pull_request_target:", text, re.M)
    for run in re.findall(r"run: (.*)", text):
        assert "${{" not in run


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_s37_what_the_manual_shows_is_as_safe(page: Path):
    for block in re.findall(r"```ya?ml\n(.*?)```", page.read_text(), re.S):
        assert "pull_request_target" not in block
        for used in re.findall(r"uses: (\S+)", block):
            assert used.startswith("./") or re.search(r"@[0-9a-f]{40}$", used) or "OWNER/" in used, used


def test_the_bill_of_materials_names_everything_that_is_installed():
    command = [sys.executable, str(DEPLOY / "bill_of_materials.py"), str(ROOT / "requirements" / "run.txt")]
    document = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "run.txt").read_text(), re.M)

    assert document["bomFormat"] == "CycloneDX"
    assert len(document["components"]) == len(pinned)
    assert all(one["hashes"] for one in document["components"])


def test_the_manual_lists_every_metric_with_its_meaning():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| .*? \| (.*) \|$", (ROOT / "docs" / "metrics.md").read_text(), re.M)

    assert rows == [(one.name, one.kind, one.description) for one in METRICS]
