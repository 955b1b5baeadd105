"""A finished figure: its Vega-Lite specification, its data and its text alternative, and its files.

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
from normoxia.report.figures.theme import Theme, config
from normoxia.sheets import csv_text
from normoxia.storage import file_name, file_names, write_whole

logger = logging.getLogger(__name__)

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_VERSION = "6.1"
_DECIMALS = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
FORMATS = ("svg", "png", "pdf", "csv", "json")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Figure:
    """A figure with its data and its text alternative.

    Attributes
    ----------
    name
        File name without ending, such as "km-pfs".
    title
        Heading in the language of the figure.
    description
        Text alternative: the finding in words and numbers.
    spec
        Vega-Lite specification, complete with data. Numbers have six significant digits, more than a screen resolves.
    columns
        Names of the columns of the data, in English.
    rows
        Data that are drawn, one row per point or step; numbers are not rounded.
    language
        Code of the language of the texts.
    """

    name: str
    title: str
    description: str
    spec: Mapping[str, Any] = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    rows: tuple[tuple[object, ...], ...] = field(repr=False)
    language: str = "en"
    _svg_cache: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spec", _compact(self.spec))

    def svg(self) -> str:
        """Return the figure as SVG text, with title and description for screen readers."""
        if "svg" not in self._svg_cache:
            self._svg_cache["svg"] = self._draw()
        return self._svg_cache["svg"]

    def _draw(self) -> str:
        """Render the SVG, which takes a while."""
        import vl_convert

        _warn_without_cjk_font(self.language)
        svg = _rounded(vl_convert.vegalite_to_svg(self.json(), vl_version=_VERSION))
        title, description = (
            xml.sax.saxutils.escape(text) for text in (self.title, self.description)
        )
        head, tail = svg.split(">", 1)
        name = f"{self.name}-{self.language}"
        # a page has several figures, in which the ids of the renderer would be the same
        marks = re.sub(r'(\bid="|url\(#|href="#)((?:clip|gradient)[\w-]*)', rf"\1{name}-\2", tail)
        return (
            f'{head} role="img" aria-labelledby="{name}-title {name}-desc" lang="{self.language}">'
            f'<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>{marks}'
        )

    def png(self, scale: float = 2.0) -> bytes:
        """Return the figure as PNG.

        Parameters
        ----------
        scale
            Pixels per point.
        """
        import vl_convert

        _warn_without_cjk_font(self.language)
        return bytes(vl_convert.vegalite_to_png(self.json(), vl_version=_VERSION, scale=scale))

    def pdf(self) -> bytes:
        """Return the figure as PDF, with its fonts embedded."""
        import vl_convert

        _warn_without_cjk_font(self.language)
        return bytes(vl_convert.vegalite_to_pdf(self.json(), vl_version=_VERSION))

    def _repr_mimebundle_(self, **_formats: object) -> dict[str, str]:
        """How a notebook shows the figure: as SVG, with its description as text."""
        return {"image/svg+xml": self.svg(), "text/plain": self.description}

    def csv(self, digits: int | None = None) -> str:
        """Return the data of the figure as UTF-8 CSV, one row per point; unknown is empty, not reached is "inf".

        Parameters
        ----------
        digits
            Significant digits of each number; all of them when None.
        """
        return csv_text(self.columns, self.rows, digits)

    def json(self) -> str:
        """Return the specification as JSON text."""
        return json.dumps(self.spec, ensure_ascii=False, allow_nan=False)

    def chart(self) -> Any:
        """Return the figure as an Altair chart."""
        import altair

        return altair.Chart.from_dict(dict(self.spec))

    def save(
        self, folder: str | Path, formats: Iterable[str] = ("svg", "csv", "json"), *, stem: str = ""
    ) -> list[Path]:
        """Write the figure as files NAME.FORMAT into a folder, which is created if needed.

        Parameters
        ----------
        folder
            Where to write.
        formats
            Any of "svg", "png", "pdf", "csv" and "json".
        stem
            File name without ending; the name of the figure, made safe for file systems, when empty.

        Returns
        -------
        list of Path
            The files, in the order of the formats.

        Raises
        ------
        InvalidArgument
            For another format.
        """
        requested = list(formats)
        for kind in requested:
            if kind not in FORMATS:
                raise InvalidArgument(
                    f'"{kind}" is not a format of figures; expected one of {", ".join(FORMATS)}'
                )
        folder, stem = Path(folder), stem or file_name(self.name)
        paths = []
        for kind in requested:
            content = getattr(self, kind)()
            path = folder / f"{stem}.{kind}"
            write_whole(
                path,
                content if isinstance(content, bytes) else content.encode("utf-8"),
                durable=False,
            )
            paths.append(path)
        return paths


def specification(
    description: str,
    palette: Theme,
    lang: str,
    *,
    width: float | None = None,
    height: float | None = None,
    **content: Any,
) -> dict[str, Any]:
    """Vega-Lite specification of a figure: the parts that every figure has, and its content.

    Parameters
    ----------
    description
        Text alternative of the figure.
    palette
        Colours of background, axes and text.
    lang
        Code of the language, which decides the font.
    width, height
        Pixels of the plot; left out for figures of several panels, whose panels have their own.
    **content
        The remaining entries: `layer`, or `hconcat` or `vconcat` with `spacing` and `bounds`.
    """
    size = {
        name: value for name, value in (("width", width), ("height", height)) if value is not None
    }
    return {
        "$schema": SCHEMA,
        "description": description,
        "background": palette.background,
        "padding": 14,
        **size,
        "config": config(palette, lang),
        **content,
    }


def save_all(figures: Iterable[Figure], folder: str | Path) -> list[Path]:
    """Write figures into a folder, under names that differ on case-insensitive file systems; return the files."""
    figures = list(figures)
    stems = file_names(figure.name for figure in figures)
    return [path for figure in figures for path in figure.save(folder, stem=stems[figure.name])]


def _compact(value: Any) -> Any:
    """Round every number of a tree to six significant digits, which makes a figure far smaller."""
    if isinstance(value, Mapping):
        return {key: _compact(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_compact(child) for child in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value


def _rounded(svg: str) -> str:
    """Round coordinates of paths to a tenth of a pixel, which is invisible and halves the file."""
    return re.sub(r' d="[^"]*"', lambda path: _DECIMALS.sub(_tenth, path[0]), svg)


def _tenth(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _warn_without_cjk_font(language: str) -> None:
    """Warn that Chinese would be drawn as boxes where no installed font has its characters."""
    if language == "zh" and not _has_cjk_font():
        logger.warning(
            "no Chinese font was found, so PNG and PDF would show boxes; install one (Debian: fonts-noto-cjk), or "
            "use SVG and HTML, which take the reader's fonts"
        )


def _has_cjk_font() -> bool:
    """Whether a font with Chinese characters is installed."""
    folders = (
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "~/.fonts",
        "~/.local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
        "~/Library/Fonts",
        "C:/Windows/Fonts",
    )
    font_names = (
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
    for folder in folders:
        root = Path(folder).expanduser()
        if root.is_dir() and any(
            any(font_name in p.name.lower().replace("-", "") for font_name in font_names)
            for p in root.rglob("*.[to]t[fc]")
        ):
            return True
    return False
