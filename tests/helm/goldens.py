"""``python -m tests.helm.goldens``: renders the examples anew into ``golden/``; look at the difference."""

from tests.support.chart import EXAMPLES, GOLDEN, golden_text


def main() -> None:
    """Write them, and take away those of examples that are gone."""
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.glob("*.yaml"):
        if path.stem not in EXAMPLES:
            path.unlink()
    for name in EXAMPLES:
        (GOLDEN / f"{name}.yaml").write_text(golden_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
