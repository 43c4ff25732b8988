"""Text that every store and page can hold."""


def storable(text: str) -> str:
    """The text; raises ValueError for control characters and lone surrogates."""
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise ValueError("expected text without control characters")
    text.encode()  # a lone surrogate is no text
    return text
