"""Looking at a data directory without touching it: pure facts about what is there and what is wrong with it.

The rule: nothing is changed, nothing read is believed, and whatever a file holds, memory stays bounded. The order of
reading: batches.py and entries.py read single files; segment.py, partition.py and directory.py compare them with each
other; findings.py is what they report. The words for people are in broker/check_log.py and broker/dump_log.
"""
