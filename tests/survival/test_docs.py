import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "method" / "survival.md"


def test_the_example_of_the_method_page_runs(capsys):
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(snippet, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.count("Inference(") >= 4


def test_every_function_the_page_names_exists():
    import normoxia.survival as room

    named = set(re.findall(r"`([a-z_]+)`", PAGE.read_text(encoding="utf-8")))
    known = set(room.__all__) | {"interpolated_quantile", "lung"}
    assert named - {n for n in named if "." in n} <= known, named - known
