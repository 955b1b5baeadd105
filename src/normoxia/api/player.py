"""The mechanism player in a notebook: the causal map of the page as a widget, its states computed in the kernel."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from normoxia.api import playing
from normoxia.api.map_view import map_view, play_view
from normoxia.api.names import one_of
from normoxia.api.trials import read_trial
from normoxia.errors import InvalidArgument, MissingExtra
from normoxia.trial.protocol import Trial

_SCRIPT = Path(__file__).parent / "widget" / "player.js"
#: arms that stand beside one another
MOST_ARMS = 2


def mechanism_player(
    trial: Trial | str | Path = "impower150",
    *,
    arms: str | Iterable[str] = (),
    patient: int | None = None,
    patients: int = 40,
    ablate: str | Iterable[str] = (),
    days: str | ArrayLike = "0:364:7",
    seed: int = 1,
    calibrated: bool = True,
    day: float = 42.0,
    lang: str = "en",
    theme: str = "light",
) -> Any:
    """Show the causal map in a notebook, played over time under one or two arms of a trial.

    Parameters
    ----------
    trial, patient, patients, days, seed, calibrated
        As `play` takes them.
    arms
        One or two ids; the first arm when omitted.
    ablate
        Causal statements that are taken away at first; the switch in the widget changes them.
    day
        The day that is shown at first.
    lang
        "en" or "zh".
    theme
        "light" or "dark".

    Returns
    -------
    anywidget.AnyWidget
        Its traits `day`, `ablate`, `lang` and `theme` can be read and set; `play` holds the states as JSON.

    Raises
    ------
    MissingExtra
        The package anywidget is not installed.
    InvalidArgument
        More than two arms, or a number out of its bounds.
    UnknownName
        There is no arm or statement of a name.

    Examples
    --------
    >>> nx.mechanism_player("impower150", arms=["ABCP", "BCP"])  # doctest: +SKIP
    """
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise MissingExtra("anywidget", "notebook") from None

    language, colours = (
        one_of("language", lang, ("en", "zh")),
        one_of("theme", theme, ("light", "dark")),
    )
    protocol = trial if isinstance(trial, Trial) else read_trial(trial)
    chosen = (arms,) if isinstance(arms, str) else tuple(arms)
    if len(chosen) > MOST_ARMS:
        raise InvalidArgument(f"{len(chosen)} arms; expected one or two")
    options: dict[str, Any] = {
        "arms": chosen or (protocol.arms[0].id,),
        "patient": patient,
        "patients": patients,
        "days": days,
        "seed": seed,
        "calibrated": calibrated,
    }
    whole = playing.play(protocol, **options)

    def states(tags: Iterable[str], code: str) -> dict[str, Any]:
        taken = tuple(tags)
        without = playing.play(protocol, ablate=taken, **options) if taken else None
        return play_view(whole, protocol, without, lang=code)

    class MechanismPlayer(anywidget.AnyWidget):
        _esm = _SCRIPT
        map = traitlets.Dict().tag(sync=True)
        play = traitlets.Dict().tag(sync=True)
        day = traitlets.Float(0.0).tag(sync=True)
        ablate = traitlets.List(traitlets.Unicode()).tag(sync=True)
        lang = traitlets.Enum(("en", "zh"), "en").tag(sync=True)
        theme = traitlets.Enum(("light", "dark"), "light").tag(sync=True)

    first = [ablate] if isinstance(ablate, str) else list(ablate)
    player = MechanismPlayer(
        map=map_view(language),
        play=states(first, language),
        day=day,
        ablate=first,
        lang=language,
        theme=colours,
    )

    def play_again(change: Any) -> None:
        if change["name"] == "lang":
            player.map = map_view(player.lang)
        player.play = states(player.ablate, player.lang)

    player.observe(play_again, ["ablate", "lang"])
    return player
