"""A classifier answers what waits in batches, and drops whoever has gone."""

from tests.workers.serving.test_slot_backend import Host, Log
from workers.serving.work import Classification, End, Scores


def test_a_request_that_was_cancelled_while_it_waited_gets_its_end_and_the_others_their_scores(
    host: Host,
) -> None:
    backend, log = host("bert").backend, Log()
    gone, here = Classification([5, 6, 7]), Classification([8, 9])
    for work in (gone, here):
        backend.submit(work)
    gone.cancelled = True
    backend.step(log)
    assert log.events[gone] == [End("cancelled")]
    assert isinstance(log.last(here), Scores)
    assert backend.waiting == 0
