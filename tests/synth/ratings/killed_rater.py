"""Some minutes of a rater's work, killed right after its nth write, and gone on with where it is started again.

python -m tests.synth.ratings.killed_rater N
"""

from __future__ import annotations

import sys

from crawler.mongo import connect
from synth.ratings.marks import Submission, save
from synth.ratings.queue import open_queue
from synth.ratings.row_leases import take
from synth.ratings.sample_changes import revision_of
from synth.ratings.undo import undo
from tests.killed_at_write import kill_after

EDITED = "Un testo migliore."


def work() -> None:
    """Edit three samples, pass over one, and take the second edit back; every form with its own token."""
    database = connect()
    queue = open_queue(database, '{"language": "it"}')
    for number in range(4):
        if database.marks.find_one({"token": f"form {number}"}):
            continue
        lease = take(database, queue, "anna")
        assert lease is not None
        form = Submission(
            lease.sample["key"], f"form {number}", revision_of(lease.sample), "skip" if number == 3 else "edit",
            answer=f"{EDITED} {number}", scores={"accuracy": 3.0},
        )  # fmt: skip
        save(database, queue, "anna", form)
    second = database.marks.find_one({"token": "form 1"})
    undo(database, "anna", second["_id"], token="form undo")


if __name__ == "__main__":
    if number := int(sys.argv[1]):
        kill_after(number)
    work()
