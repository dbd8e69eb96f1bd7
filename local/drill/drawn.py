"""What a seed draws: a catalogue, and the lines that its audience causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.clock import ClockFile
from local.drill.stencil import Stencil
from local.drill.supply import Supply, draw_stencils
from local.traffic import catalogue, sources
from local.traffic.catalogue import Catalogue
from local.traffic.events import Cdn


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Drawn anew it is the same, but for the secrets of the sources."""

    seed: int
    published: Catalogue
    secrets: Mapping[Cdn, str]
    stencils: Sequence[Stencil]

    @classmethod
    def by(cls, seed: int) -> Drawn:
        """All that this seed draws; takes seconds."""
        published = catalogue.build(seed)
        stencils = draw_stencils(published.registered, seed)
        return cls(seed=seed, published=published, secrets=sources.new_secrets(Cdn), stencils=stencils)

    def supply(self, clock: ClockFile) -> Supply:
        """Deliveries without end, of lines of the clock's time."""
        return Supply(self.stencils, self.secrets, lambda: clock.now_ms, self.seed)
