"""How the three shells differ: what they accept and how they word their complaints. Facts recorded from dash, busybox ash and bash."""

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias

FlavourName: TypeAlias = OneOf["dash", "ash", "bash"]


@dataclass(frozen=True, slots=True)
class Flavour:
    """One shell's dialect. `has_extensions` is bash's syntax; `some_extensions` the few of it that busybox ash took over."""

    name: FlavourName

    @property
    def is_bash(self) -> bool:
        return self.name == "bash"

    @property
    def is_ash(self) -> bool:
        return self.name == "ash"

    @property
    def is_dash(self) -> bool:
        return self.name == "dash"


DASH = Flavour("dash")
ASH = Flavour("ash")
BASH = Flavour("bash")
FLAVOURS = {flavour.name: flavour for flavour in (DASH, ASH, BASH)}
