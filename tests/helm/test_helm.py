"""Helm is had once, or named; where it can't be had, a sentence says what to do."""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.cache import MissingToolError
from tests.support.helm import helm, main


def test_a_helm_of_ones_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_TEST_HELM", "/opt/helm")
    assert helm() == "/opt/helm"


def test_another_machine_is_told_to_bring_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAMER_TEST_HELM", raising=False)
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(MissingToolError, match="STREAMER_TEST_HELM=/path/to/helm"):
        helm()


def test_without_a_network_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    monkeypatch.delenv("STREAMER_TEST_HELM", raising=False)
    monkeypatch.setenv("STREAMER_TEST_CACHE", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", fail)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")
    assert main() == 1
    said = capsys.readouterr().err
    assert said.startswith("The tests of the chart need helm, and it could not be fetched:\nERROR: no network\n")
    assert {path.suffix for path in tmp_path.iterdir()} == {".lock"}, "nothing half is left"
