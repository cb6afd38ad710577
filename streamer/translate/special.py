"""The rules that look at more than one value, and how each is bound to the tree."""

from typing import Final

from streamer.translate.contents import bind_contents, bind_extinfo, bind_properties
from streamer.translate.hashes import bind_hashes
from streamer.translate.tree import BindSteps

SPECIAL: Final[dict[str, BindSteps]] = {
    "hash": bind_hashes,
    "contents": bind_contents,
    "properties": bind_properties,
    "extinfo": bind_extinfo,
}
"""By rule name; :data:`streamer.translate.rules.CONVERT` has the others."""
