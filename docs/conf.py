"""Settings of Sphinx: `python3 start.py docs` builds the pages into docs/_build/html, and asks no network."""

from importlib.metadata import version as version_of
from typing import Any

from numpydoc.xref import DEFAULT_LINKS

project = "grngc"
author = "The grngc authors"
copyright = author
release = version = version_of("grngc")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "pictures"]
templates_path = ["_templates"]
nitpicky = True
myst_heading_anchors = 3

# ---- reference -------------------------------------------------------------------------------------------------------

autosummary_ignore_module_all = False
autodoc_typehints = "none"  # the sections of a docstring say types in words, with shapes
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the template of a class lists what is documented
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # of the words of a type only these are links:
numpydoc_xref_aliases = {word: word for word in DEFAULT_LINKS} | {
    name: f"grngc.{place}{name}"
    for place, names in {
        "": "GRNGC CausalGraph Comparison Discovery DivergenceError Edge GroupDiscovery InputError InputWarning Panel",
        "dataset.": "Dataset",
        "evidence.": "Evidence",
        "over_time.": "OverTime",
        "training.": "Progress Record",
        "checkpoints.": "Checkpoints",
        "window_reader.": "Forecasts WindowReader",
    }.items()
    for name in names.split()
}
numpydoc_validation_checks = {
    "GL03", "GL05", "GL06", "GL07", "GL08", "GL10",  # blank lines, tabs, sections: their names and order
    "SS01", "SS02", "SS05", "PR02", "PR03", "PR05", "PR10", "RT02", "YD01",  # a summary; parameters as they are
    "SA02", "SA03", "SA04",
}  # fmt: skip
numpydoc_validation_exclude = {r"\.[A-Z_]+$", r"\.(Outcomes|ForecasterChoice)$"}  # data, not functions or classes
nitpick_ignore_regex = [("py:.*", r"(collections|torch|typing)\..*")]  # other projects' pages would need a network

# ---- examples --------------------------------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "reference_url": {"grngc": None},
    "doc_module": ("grngc",),
    "capture_repr": (),
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
    "abort_on_example_error": False,
}

# ---- looks -----------------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "grngc"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["grngc.css"]
html_context = {"default_mode": "auto"}
html_sidebars = {"start": [], "changelog": []}
html_theme_options = {
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}


def skip(app: Any, what: str, name: str, member: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out what a class has by inheritance: the fields of a named tuple, scikit-learn's routing of metadata."""
    alias = (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
    return True if alias or name.endswith("_request") else None


def nearest(app: Any, environment: Any, node: Any, contents: Any) -> Any:
    """Resolve a name that a docstring gives as its own module knows it: `Edge` where the page is of `grngc.Edge`."""
    if node.get("refdomain") != "py":
        return None
    domain, wanted = environment.domains["py"], node["reftarget"].split(".")
    for parts in (wanted, wanted[-2:], wanted[-1:]):
        found = [
            name
            for name, entry in domain.objects.items()
            if not entry.aliased and ("." + name).endswith("." + ".".join(parts))
        ]
        if len(found) == 1:
            node = node.copy()
            node["reftarget"] = found[0]
            return domain.resolve_xref(
                environment, node["refdoc"], app.builder, node["reftype"], found[0], node, contents
            )
    return None


def setup(app: Any) -> None:
    """Connect the two functions above."""
    app.connect("autodoc-skip-member", skip)
    app.connect("missing-reference", nearest)
