"""Whether anything moves yet of what is to be drained, without a look at all lanes each time something lands. Pure."""

from collections import deque
from collections.abc import Callable

from streamer.delivery.attempt import Attempt
from streamer.delivery.batch import Entry
from streamer.delivery.lanes import Lanes


class Drain:
    """Follows the pixels of which something belongs to what is drained; no other can come to be among them."""

    def __init__(self, lanes: Lanes, belongs: Callable[[Entry], bool]) -> None:
        """Look through all that waits, once."""
        self._lanes = lanes
        self._belongs = belongs
        self._known: dict[Attempt, bool] = {}
        self._pixels = deque(lane.pixel_id for lane in lanes.lanes if any(map(self._of_it, lane.attempts())))

    def moves(self, now: float) -> bool:
        """Tell whether something that belongs is in flight or may be sent before long.

        The pixel that moved when last asked is asked first; so each is looked at seldom.
        """
        for _ in range(len(self._pixels)):
            if any(map(self._of_it, self._lanes.moves(self._pixels[0], now))):
                return True
            self._pixels.rotate(-1)
        return False

    def _of_it(self, attempt: Attempt) -> bool:
        found = self._known.get(attempt)
        if found is None:
            found = self._known[attempt] = any(map(self._belongs, attempt.entries))
        return found
