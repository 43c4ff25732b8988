"""The keys of the page, for its help; a test holds them equal to those that the page obeys."""

KEYS: tuple[tuple[str, tuple[tuple[tuple[str, ...], str], ...]], ...] = (
    (
        "The document",
        (
            (("Enter",), "accept it as shown, and the next one"),
            (("N",), "leave it for later"),
            (("Z",), "undo: the last change, then the last document"),
        ),
    ),
    (
        "The field in focus",
        (
            (("Space",), "right"),
            (("E", "F2"), "edit; Enter keeps it, Esc does not"),
            (("X",), "not on the page"),
            (("U",), "there, and nobody can read it"),
            (("F",), "letters on the lines: take one"),
            (("G",), "letters on the lines: add one"),
            (("A", "B"), "take the first or second answer"),
        ),
    ),
    (
        "Where",
        (
            (("↓", "J"), "next field"),
            (("↑", "K"), "field before"),
            (("1 … 9",), "field by its number"),
        ),
    ),
    (
        "The page",
        (
            (("+", "-", "0"), "zoom in, out, back"),
            (("Shift", "↑↓←→"), "move it"),
            (("T",), "scan or text"),
            (("?",), "this help"),
        ),
    ),
)
