"""A finished figure: its Vega-Lite specification, its data and its text alternative, and how it becomes a
file.

Rendering is by vl-convert, without a browser and without a network. `Figure.chart` is the same as an Altair
chart, for notebooks.
"""

from __future__ import annotations

import json
import logging
import re
import xml.sax.saxutils
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from normoxia.errors import InvalidArgument
from normoxia.sheets import csv_text
from normoxia.storage import file_name, file_names, write_whole

logger = logging.getLogger(__name__)

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_VERSION = "6.1"
_DECIMALS = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
FORMATS = ("svg", "png", "pdf", "csv", "json")


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A figure.

    name         a file name without ending, such as "km-pfs"
    title        what it shows, in the figure's language
    description  its text alternative: the finding in words and numbers
    spec         the Vega-Lite specification, complete with data (numbers to six digits, a tenth of what is
                 drawn)
    columns      names of the data's columns, in English
    rows         what is drawn, one row a point or step; numbers are not rounded
    language     the code of the language it speaks
    """

    name: str
    title: str
    description: str
    spec: Mapping[str, Any] = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    rows: tuple[tuple[object, ...], ...] = field(repr=False)
    language: str = "en"
    _drawn: dict[str, str] = field(
        default_factory=dict, repr=False
    )  # the SVG once drawn, which takes a while

    def __post_init__(self) -> None:
        object.__setattr__(self, "spec", _compact(self.spec))

    def svg(self) -> str:
        """The figure as SVG text, with title and description for those who cannot see it."""
        if "svg" not in self._drawn:
            self._drawn["svg"] = self._draw()
        return self._drawn["svg"]

    def _draw(self) -> str:
        import vl_convert

        _mind_fonts(self.language)
        drawn = _rounded(vl_convert.vegalite_to_svg(self.json(), vl_version=_VERSION))
        title, description = (xml.sax.saxutils.escape(text) for text in (self.title, self.description))
        head, tail = drawn.split(">", 1)
        name = f"{self.name}-{self.language}"
        # several figures stand in one page, where the renderer's ids would meet
        marks = re.sub(r'(\bid="|url\(#|href="#)((?:clip|gradient)[\w-]*)', rf"\1{name}-\2", tail)
        return (
            f'{head} role="img" aria-labelledby="{name}-title {name}-desc" lang="{self.language}">'
            f'<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>{marks}'
        )

    def png(self, scale: float = 2.0) -> bytes:
        """The figure as PNG, `scale` pixels to a point."""
        import vl_convert

        _mind_fonts(self.language)
        return bytes(vl_convert.vegalite_to_png(self.json(), vl_version=_VERSION, scale=scale))

    def pdf(self) -> bytes:
        """The figure as PDF, with its fonts embedded."""
        import vl_convert

        _mind_fonts(self.language)
        return bytes(vl_convert.vegalite_to_pdf(self.json(), vl_version=_VERSION))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """How a notebook shows the figure: as SVG, with its description as text."""
        return {"image/svg+xml": self.svg(), "text/plain": self.description}

    def csv(self, digits: int | None = None) -> str:
        """The figure's data as CSV, UTF-8, a row a point; unknown is empty, not reached is inf.

        digits  significant ones of each number; all of them when omitted
        """
        return csv_text(self.columns, self.rows, digits)

    def json(self) -> str:
        """The specification as JSON text."""
        return json.dumps(self.spec, ensure_ascii=False, allow_nan=False)

    def chart(self) -> Any:
        """The figure as an Altair chart."""
        import altair

        return altair.Chart.from_dict(dict(self.spec))

    def save(
        self, folder: str | Path, formats: Iterable[str] = ("svg", "csv", "json"), *, stem: str = ""
    ) -> list[Path]:
        """The figure as files NAME.FORMAT in a folder, which is made; their paths.

        formats  of svg, png, pdf, csv, json
        stem     instead of the figure's name, made safe for a disk
        raises   InvalidArgument for another format
        """
        wanted = list(formats)
        for kind in wanted:
            if kind not in FORMATS:
                raise InvalidArgument(
                    f'"{kind}" is not a format of figures; expected one of {", ".join(FORMATS)}'
                )
        folder, stem = Path(folder), stem or file_name(self.name)
        paths = []
        for kind in wanted:
            content = getattr(self, kind)()
            path = folder / f"{stem}.{kind}"
            write_whole(
                path, content if isinstance(content, bytes) else content.encode("utf-8"), durable=False
            )
            paths.append(path)
        return paths


def save_all(figures: Iterable[Figure], folder: str | Path) -> list[Path]:
    """Figures as files in a folder, under names that differ even where capitals do not count; their paths."""
    figures = list(figures)
    stems = file_names(figure.name for figure in figures)
    return [path for figure in figures for path in figure.save(folder, stem=stems[figure.name])]


def _compact(value: Any) -> Any:
    """The same tree with numbers at six significant digits: a figure is far smaller and looks the same."""
    if isinstance(value, Mapping):
        return {key: _compact(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_compact(child) for child in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value


def _rounded(svg: str) -> str:
    """Coordinates of paths to a tenth of a pixel, which the eye cannot tell from more and halves the file."""
    return re.sub(r' d="[^"]*"', lambda path: _DECIMALS.sub(_tenth, path[0]), svg)


def _tenth(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _mind_fonts(language: str) -> None:
    """Say once when Chinese would come out as boxes, because no face of the machine has its characters."""
    if language == "zh" and not _chinese_face_found():
        logger.warning(
            "no Chinese font was found, so PNG and PDF would show boxes; install one (Debian: fonts-noto-cjk), or "
            "use SVG and HTML, which take the reader's fonts"
        )


def _chinese_face_found() -> bool:
    homes = (
        "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/System/Library/Fonts",
        "/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts",
    )  # fmt: skip
    faces = (
        "cjk",
        "sourcehan",
        "notosanssc",
        "pingfang",
        "msyh",
        "wqy",
        "simsun",
        "simhei",
        "hiragino",
        "droidsansfallback",
    )
    for home in homes:
        root = Path(home).expanduser()
        if root.is_dir() and any(
            any(face in p.name.lower().replace("-", "") for face in faces) for p in root.rglob("*.[to]t[fc]")
        ):
            return True
    return False
