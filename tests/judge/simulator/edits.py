"""What people do to a fleet from one day to the next, and how often."""

from __future__ import annotations

from collections.abc import Callable

from judge.simulator import app_edits, domain_edits, rack_edits
from judge.simulator.hand import Edit, Hand

Try = Callable[[Hand], Edit | str | None]  # None: it can't be made in this fleet

# How often each is tried, among each other.
EDITS: dict[Try, int] = {
    app_edits.add_app: 5,
    app_edits.remove_app: 3,
    app_edits.rename_app: 2,
    app_edits.add_service: 4,
    app_edits.remove_service: 3,
    app_edits.rename_service: 3,
    app_edits.copy_service: 3,
    domain_edits.add_domain: 7,
    domain_edits.remove_domain: 4,
    domain_edits.add_pattern: 4,
    domain_edits.remove_pattern: 3,
    domain_edits.move_domains: 8,
    domain_edits.swap_domains: 5,
    app_edits.change_port: 3,
    app_edits.toggle_port: 3,
    app_edits.change_health: 2,
    app_edits.change_habits: 2,
    app_edits.change_scheme: 2,
    app_edits.change_router: 5,
    app_edits.toggle_internal_domains: 4,
    app_edits.toggle_redirect: 4,
    app_edits.change_algorithm: 1,
    rack_edits.change_quotas: 2,
    rack_edits.change_headroom: 1,
    rack_edits.change_count: 2,
    rack_edits.toggle_internal: 1,
    rack_edits.list_certificate: 3,
    rack_edits.timeout: 1,
    rack_edits.begin_move: 4,
    rack_edits.end_move: 8,
    rack_edits.rebalance: 2,
}


def make(hand: Hand) -> Edit:
    """Make an edit that can be made."""
    kinds, weights = list(EDITS), list(EDITS.values())
    while True:
        done = hand.rng.choices(kinds, weights)[0](hand)
        if done is not None:
            return done if isinstance(done, Edit) else Edit(done)
