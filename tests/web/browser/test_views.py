"""Every view in Chromium: both languages, both themes, narrow and wide, by keyboard, and under axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

VIEWS = (
    "/",
    "/mechanism",
    "/trial",
    "/runs",
    "/evidence",
    "/evidence/studies/IMpower150",
    "/questions",
    "/questions/compare/chemo-free",
    "/scoreboard",
    "/scoreboard?show=forecasts",
)
Visiting = Callable[..., Any]


def _with(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


@pytest.mark.parametrize("path", VIEWS)
def test_view_is_accessible_in_both_languages_and_themes(
    visit: Visiting, axe: str, path: str
) -> None:
    one = visit()
    for query in ("lang=en&theme=light", "lang=zh&theme=dark"):
        page = one.open(_with(path, query))
        page.wait_for_load_state("networkidle")
        assert page.locator("html").get_attribute("lang") == ("zh-CN" if "zh" in query else "en")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            f"{rule['id']}: {rule['nodes'][0]['html'][:200]}"
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
        assert serious == []


@pytest.mark.parametrize("path", VIEWS)
def test_view_fits_a_narrow_screen(visit: Visiting, path: str) -> None:
    page = visit(390).open(_with(path, "lang=zh"))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_language_and_theme_are_in_the_address_and_stay_in_other_views(visit: Visiting) -> None:
    page = visit().open("/?lang=en&theme=light")
    page.get_by_role("button", name="中文").click()
    page.get_by_role("button", name="切换到深色主题").click()
    page.get_by_role("link", name="问题", exact=True).click()
    page.wait_for_url("**/questions?*")
    assert "lang=zh" in page.url
    assert "theme=dark" in page.url
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.go_back()
    page.wait_for_selector(".first")


def test_curve_is_read_by_keyboard(visit: Visiting) -> None:
    page = visit().open("/?lang=en")
    page.wait_for_selector(".figure svg")
    canvas = page.locator(".figure .canvas").first
    canvas.focus()
    for _ in range(7):
        canvas.press("ArrowRight")
    readout = page.locator(".readout").first.inner_text()
    assert "Month 6.0" in readout
    # the same number from the figure's own data, by another way: the file that the reader can save, read before the browser
    # stores it (Debian's Chromium does not report downloads to the driver)
    page.evaluate(
        """() => {
            const address = URL.createObjectURL;
            URL.createObjectURL = (blob) => {
                window.saved = blob.text();
                return address.call(URL, blob);
            };
        }"""
    )
    page.get_by_role("button", name="Data (CSV)").first.click()
    page.wait_for_function("() => window.saved !== undefined")
    rows = page.evaluate("() => window.saved").splitlines()
    columns = rows[0].split(",")
    named = [dict(zip(columns, row.split(","), strict=True)) for row in rows[1:]]
    before = [row for row in named if row["arm"] == "ABCP" and float(row["months"]) <= 6.0]
    assert f"ABCP {round(float(before[-1]['survival_percent']))}%" in readout


def test_a_mistake_is_found_as_it_is_typed_and_stops_the_start(visit: Visiting) -> None:
    page = visit().open("/trial?lang=en")
    page.wait_for_selector(".checks .fine")
    assert page.get_by_role("button", name="Start").is_enabled()
    page.get_by_label("Dose of anlotinib").fill("12 mgg daily")
    page.wait_for_selector(".arm .findings")
    assert "mgg" in page.locator(".arm .findings").first.inner_text()
    assert page.get_by_role("button", name="Start").is_disabled()


def test_job_survives_a_reload_and_is_cancelled_and_continued(visit: Visiting) -> None:
    page = visit().open("/trial?lang=en&replicates=8")
    page.wait_for_selector(".checks .fine")
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(".state.running")
    page.reload()
    page.wait_for_selector(".state.running")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".state.cancelled", timeout=5_000)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector(".state.running")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".state.cancelled", timeout=5_000)


def test_print_has_no_controls_and_a_white_page(visit: Visiting) -> None:
    page = visit().open("/?lang=en&theme=light")
    page.wait_for_selector(".figure svg")
    page.emulate_media(media="print")
    assert not page.locator(".views").is_visible()
    assert not page.locator(".controls").is_visible()
    assert page.locator(".figure svg").nth(1).is_visible()
