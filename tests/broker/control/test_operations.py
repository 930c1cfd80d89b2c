"""The table: each operation once, each under one name."""

import re

from odradek.broker.control.operation import CLUSTER
from odradek.broker.control.operations import OPERATIONS


def test_no_two_operations_have_a_name_or_an_address_in_common() -> None:
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS)
    assert len({one.title for one in OPERATIONS}) == len(OPERATIONS)


def test_each_part_of_a_path_is_explained() -> None:
    for one in OPERATIONS:
        assert list(one.path_fields) == re.findall(r"{(\w+)}", one.path), one.title


def test_each_operation_says_what_it_answers_and_shows_a_body() -> None:
    for one in OPERATIONS:
        assert one.answer or one.gives_file or one.path == "/v1/openapi.json"
        assert (one.example is not None) == bool(one.body), one.title


def test_what_is_about_one_cluster_says_so() -> None:
    apart = ("/v1/clusters", "/v1/health", "/v1/openapi.json")
    for one in OPERATIONS:
        assert (CLUSTER in one.query) != one.path.startswith(apart), one.title
