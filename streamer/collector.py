"""The garbage collector, told what kind of program this is."""

import gc

_YOUNG = 50_000
_MIDDLE = 20
_OLD = 100


def calm() -> None:
    """Let the collector of reference cycles look far less often.

    Hundreds of thousands of records may be held at a time, in tuples that form no cycles and die by reference
    counting; looking through them again and again took a sixth of all processor time, and stopped the loop meanwhile.
    What was made at start lives for ever, and is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
