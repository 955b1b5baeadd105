import dataclasses
import itertools

import numpy as np
import pytest

from normoxia.report.figures.theme import DARK, DASHES, LIGHT, MARKERS, dark_rules

#: severe protanopia, deuteranopia, tritanopia in linear RGB: Machado, Oliveira & Fernandes 2009,
#: IEEE Trans Vis Comput Graph 15:1291, severity 1.0
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(first, second):
    """WCAG 2.1 contrast ratio."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(colour, sight):
    """CIE L*a*b* under D65 of a colour as perceived with a kind of colour vision."""
    perceived = np.clip(np.array(SIGHTS[sight]) @ linear(colour), 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ perceived
    )
    f = np.cbrt(np.maximum(xyz / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_text_and_lines_have_enough_contrast(theme):
    for colour in (theme.foreground, theme.muted, theme.warning, *theme.series):
        assert contrast(colour, theme.background) >= 4.5, (
            colour
        )  # WCAG AA for text: arm names carry their colour
    for colour in (theme.good, theme.bad):
        assert contrast(colour, theme.background) >= 3.0, colour  # WCAG AA for graphics


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_the_first_four_series_are_distinguishable_to_colour_blind_readers(theme, sight):
    # 10 units of L*a*b* are easily distinguished; beyond four arms only dashes and markers are relied on
    for first, second in itertools.combinations(theme.series[:4], 2):
        assert np.linalg.norm(lab(first, sight) - lab(second, sight)) > 10, (first, second)


def test_every_series_has_its_own_dash_and_marker():
    assert len(set(DASHES)) == len(set(MARKERS)) == len(LIGHT.series) == len(DARK.series)


def test_each_light_colour_occurs_once_so_that_a_page_can_turn_dark():
    colours = [
        c
        for f in dataclasses.fields(LIGHT)
        if f.name != "name"
        for c in np.atleast_1d(getattr(LIGHT, f.name))
    ]
    assert len(set(colours)) == len(colours)
    assert all(f'[fill="{colour}"]' in dark_rules() for colour in colours)
