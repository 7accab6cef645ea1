"""The query language as its documentation has it, where a mistake would be easy."""

import pytest
from deploy.log_filters.language import NotOurs, compiled

ENTRY = {
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "resource": {"type": "project", "labels": {"zone": "a"}},
    "tags": ["red", "blue"],
}


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ('resource.type="project"', True),
        ('resource.type="PROJECT"', True),
        ('resource.type="proj"', False),
        ('resource.type:"ROJ"', True),
        ('resource.type=~"^pro"', True),
        ('resource.type=~"^PRO"', False),
        ('resource.type=~"(?i)^PRO"', True),
        ('resource.type=("disk" OR "project")', True),
        ('resource.type=("disk" OR "image")', False),
        ('tags="blue"', True),
        ('resource.labels.zone="a"', True),
        ('resource.labels.host="a"', False),
        ('NOT resource.labels.host="a"', True),
        ('log_id("cloudaudit.googleapis.com/activity")', True),
        ('log_id("cloudaudit.googleapis.com/data_access")', False),
        ('log_id("activity")', False),
    ],
)
def test_comparisons(text: str, finds: bool) -> None:
    assert compiled(text)(ENTRY) is finds


def test_or_binds_before_and() -> None:
    text = 'resource.type="project" OR tags="green" AND tags="yellow"'

    assert not compiled(text)(ENTRY)
    assert compiled('resource.type="project" OR (tags="green" AND tags="yellow")')(ENTRY)


def test_not_binds_first() -> None:
    assert compiled('NOT tags="green" AND tags="red"')(ENTRY)
    assert not compiled('NOT (tags="blue" OR tags="green")')(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "audit",
        'severity>="ERROR"',
        "resource.type=project",
        'tags="red" tags="blue"',
        'tags="red" AND',
        '(tags="red"',
        'tags="red")',
        'ip_in_net(a, "10.0.0.0/8")',
        'NOT AND tags="red"',
        "# all of it",
    ],
)
def test_what_is_not_evaluated_is_refused(text: str) -> None:
    with pytest.raises(NotOurs):
        compiled(text)
