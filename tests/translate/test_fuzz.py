"""A short run of the fuzzer over every preset; `make fuzz` runs a million records."""

from collections import Counter

import pytest

from tests.fuzz import Subject, run
from tests.support.presets import subjects

RECORDS = 3_000


@pytest.mark.parametrize("subject", subjects(), ids=lambda subject: subject.name)
def test_no_mutated_record_makes_the_engine_fail_or_meta_refuse_a_request(subject: Subject) -> None:
    came = sum(run(subject, RECORDS, seed=4), Counter[str]())
    assert came["sent"] > RECORDS / 10, f"too few were sent for this to say much: {came}"
    assert len(came) > 5, f"too little happened for this to say much: {came}"
