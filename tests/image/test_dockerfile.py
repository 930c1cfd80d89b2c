"""The image, as far as it can be checked without a container engine."""

import re
from fnmatch import fnmatch

import pytest

from .container_files import ROOT, stages, the

KNOWN = {"FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def test_it_is_made_of_instructions_that_there_are() -> None:
    assert {one.word for stage in stages() for one in stage} <= KNOWN


def test_its_base_is_small_and_one_version_in_all_stages() -> None:
    (base,) = {stage[0].rest.partition(" AS ")[0] for stage in stages()}
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base)


def test_what_builds_it_does_not_stay_in_it() -> None:
    build, image = stages()
    assert build[0].rest.endswith(" AS build")
    assert any("pip install" in one.rest for one in build)
    assert not any("pip install" in one.rest for one in image)
    assert "COPY --from=build /opt/odradek /opt/odradek" in [f"{one.word} {one.rest}" for one in image]


def test_it_runs_as_a_user_that_is_not_root_and_owns_the_data() -> None:
    user, group = the("USER").rest.split(":")
    assert int(user) > 0
    assert int(group) > 0
    (made,) = (one.rest for one in stages()[-1] if one.word == "RUN")
    assert f"install -d -o {user} -g {group} {the('VOLUME').rest}" in made
    assert f"--uid {user} --gid {group}" in made


def test_the_broker_itself_gets_the_signals_and_is_asked_whether_it_is_ready() -> None:
    assert the("STOPSIGNAL").rest == "SIGTERM"
    assert the("ENTRYPOINT").words[:2] == ["odradek", "serve"]
    assert the("HEALTHCHECK").words[:2] == ["odradek", "health"]


@pytest.mark.parametrize("source", [word for s in stages() for one in s if one.word == "COPY" for word in [one.rest]])
def test_what_is_copied_is_there_and_sent_to_the_engine(source: str) -> None:
    if source.startswith("--from"):
        return
    sent = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"]
    for path in source.split()[:-1]:
        assert (ROOT / path).exists()
        assert any(fnmatch(path, pattern) for pattern in sent)


def test_the_wheel_has_all_that_it_is_built_from() -> None:
    copied = " ".join(one.rest for one in stages()[0] if one.word == "COPY").split()
    packaging = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"wheel\]\nonly-include = \[(.*)\]", packaging)
    assert listed is not None
    for path in re.findall(r'"([^"]+)"', listed[1]):
        assert path in copied
