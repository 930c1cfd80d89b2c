"""Java's admin client: what each of its calls answers, or the error that it raises; all of them in one JVM."""

import json
import subprocess
from pathlib import Path

import pytest

from .apache_kafka import QUICK_JVM, OracleMissing, jars
from .dump_tool import check_tools

SOURCE = Path(__file__).with_name("AdminCalls.java")
DEADLINE_S = 100.0
KINDS = ("BROKER", "BROKER_LOGGER", "CLIENT_METRICS", "GROUP", "TOPIC", "all brokers")

EXPECTED = {
    "acls": "SecurityDisabledException",
    "alter offsets": "null",
    "append": "delete,compact DYNAMIC_TOPIC_CONFIG",
    **{f"bad value of {kind}": "InvalidConfigurationException" for kind in KINDS},
    "bad value of BROKER": "InvalidRequestException",
    "bad value of all brokers": "InvalidRequestException",
    "cancel": "NoReassignmentInProgressException",
    "classic group": "Empty",
    "cluster": "1 1",
    "create": "2 1 9",
    "create acls": "SecurityDisabledException",
    "create again": "TopicExistsException",
    "create at an unknown broker": "InvalidReplicaAssignmentException",
    "create of no partitions": "InvalidPartitionsException",
    "create of three replicas": "InvalidReplicationFactorException",
    "create validated": "2",
    "delete acls": "SecurityDisabledException",
    "delete group": "null",
    "delete group again": "GroupIdNotFoundException",
    "delete offsets": "null",
    "delete records": "0",
    "delete records beyond": "OffsetOutOfRangeException",
    "delete topics": "null",
    "delete unknown": "UnknownTopicOrPartitionException",
    "describe by id": "true 3 false",
    "describe unknown": "UnknownTopicOrPartitionException",
    "describe unknown id": "UnknownTopicIdException",
    "elect": "ElectionNotNeededException",
    "feature too high": "InvalidUpdateVersionException",
    "features": "2",
    "group": "Empty",
    "group unknown": "GroupIdNotFoundException",
    "groups": "Classic Empty",
    "grow": "null",
    "list": "true",
    **{f"listed of {kind}": "true" for kind in KINDS},
    "listed of all brokers": "false",
    "log dirs": "3",
    "move to unknown dir": "LogDirNotFoundException",
    "offset EarliestLocalSpec": "0",
    "offset EarliestPendingUploadSpec": "-1",
    "offset EarliestSpec": "0",
    "offset LatestSpec": "0",
    "offset LatestTieredSpec": "-1",
    "offset MaxTimestampSpec": "-1",
    "offset TimestampSpec": "-1",
    "offsets": "m",
    "producers": "[]",
    "quorum": "1",
    "quotas": "{producer_byte_rate=1000000.0}",
    "quotas taken back": "null",
    "reassign": "null",
    "reassign nowhere": "InvalidReplicaAssignmentException",
    "reassignments": "{}",
    "remove members": "UnknownMemberIdException",
    "replica log dirs": "0",
    "scram": "{}",
    "set of BROKER": "5000 DYNAMIC_BROKER_CONFIG",
    "set of BROKER_LOGGER": "INFO DYNAMIC_BROKER_LOGGER_CONFIG",
    "set of CLIENT_METRICS": "5000 DYNAMIC_CLIENT_METRICS_CONFIG",
    "set of GROUP": "50000 DYNAMIC_GROUP_CONFIG",
    "set of TOPIC": "5000 DYNAMIC_TOPIC_CONFIG",
    "set of all brokers": "6000 DYNAMIC_DEFAULT_BROKER_CONFIG",
    "shrink": "InvalidPartitionsException",
    "subtract": "compact DYNAMIC_TOPIC_CONFIG",
    "synonyms and documentation": "1 INT true",
    **{f"taken back of {kind}": "done" for kind in KINDS if kind != "BROKER_LOGGER"},
    "transaction unknown": "TransactionalIdNotFoundException",
    "transactions": "[]",
}


def test_every_call_of_javas_admin_client_is_answered(bootstrap: str, topic: str, group: str) -> None:
    try:
        check_tools()
        home = jars()
    except OracleMissing as missing:
        pytest.skip(str(missing))
    command = ["java", *QUICK_JVM, f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}"]
    command += ["-cp", f"{home / 'lib'}/*", str(SOURCE), bootstrap, topic, group]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == EXPECTED
