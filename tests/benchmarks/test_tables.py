"""The sections of RESULTS.md: a run replaces its own and leaves the others as they are."""

import importlib.util

import pytest


@pytest.fixture(scope="module")
def tables(repository):
    spec = importlib.util.spec_from_file_location("benchmark_tables", repository / "benchmarks" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_section_is_replaced_where_it_stands_and_new_ones_follow(tables, tmp_path):
    results = tmp_path / "结果.md"
    results.write_text("# Figures\n\nIntro.\n\n## One\n\nold\n\n### part\n\n## Two\n\nkept\n", encoding="utf-8")
    tables.replace_sections(results, {"One": "new\n", "Three": "last"})
    assert results.read_text(encoding="utf-8") == (
        "# Figures\n\nIntro.\n\n## One\n\nnew\n\n## Two\n\nkept\n\n## Three\n\nlast\n"
    )


def test_writing_the_same_section_twice_changes_nothing(tables, tmp_path):
    results = tmp_path / "results.md"
    tables.replace_sections(results, {"One": "first", "Two": "second"})
    once = results.read_text(encoding="utf-8")
    tables.replace_sections(results, {"Two": "second"})
    assert results.read_text(encoding="utf-8") == once
    assert "## One\n\nfirst\n\n## Two\n\nsecond\n" in once


def test_a_table_aligns_words_left_and_numbers_right(tables):
    assert tables.table(["network -", "pairs"], [["Wuhan", "12,345"]]) == (
        "| network | pairs |\n|---|---:|\n| Wuhan | 12,345 |"
    )
