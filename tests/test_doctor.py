"""What is pasted into a bug report."""

import json

import pytest

from llmstudio import doctor
from llmstudio.core.train import device, peak
from llmstudio.core.train.device import Device
from llmstudio.core.train.peak import Peak

BROKEN = Device(kind="cuda", key="cuda:0", name="Broken", threads=0, why="It was found but does not work: no kernel",
                works=False)  # fmt: skip
CPU = Device(kind="cpu", name="Ten cores", threads=2, why="It works.")


def test_every_device_is_told_tried_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(key: str):
        yield
        assert key == "cpu"  # a broken one is not measured
        return Peak(float32=2e11)

    monkeypatch.setattr(device, "find", lambda: (BROKEN, CPU))
    monkeypatch.setattr(peak, "measure", measure)
    facts, text = doctor.examine()
    assert facts["device"]["key"] == "cpu" and "Broken: It was found but does not work" in facts["device"]["why"]
    assert set(facts["devices"]) == {"cuda:0", "cpu"}
    assert facts["devices"]["cpu"]["flops"] == {"float32": 2e11, "bfloat16": None}
    assert facts["devices"]["cuda:0"]["works"] is False and facts["devices"]["cuda:0"]["flops"] is None
    assert facts["computer"]["memory_total"] > facts["computer"]["memory_free"] > 0
    assert facts["stays_awake"]
    for line in ("    why: It was found but does not work: no kernel", "    works: False", "      bfloat16: unknown"):
        assert line in text.splitlines()
    json.dumps(facts)
