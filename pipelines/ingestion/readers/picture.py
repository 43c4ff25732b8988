"""Reads a PNG or JPEG: size before pixels, upright as its EXIF says, then OCR."""

from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from pipelines.contracts.document import Page
from pipelines.ingestion.readers import ocr
from pipelines.ingestion.record import Limits, Refusal, UnreadableError


def page(path: Path, limits: Limits) -> Page:
    """The page on a picture, in its pixels after turning; UnreadableError where there is none."""
    try:
        # Opening reads the header alone, so a bomb is refused before it goes off.
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            refuse_above(image.width, image.height, limits)
            upright = _on_white(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        raise UnreadableError(_bomb("hundreds of millions of", limits)) from None
    except UnidentifiedImageError:
        raise UnreadableError(
            Refusal(
                "not_a_picture",
                "the file begins like a picture and is none. Open it and save it again",
            )
        ) from None
    except (OSError, SyntaxError, ValueError):
        raise UnreadableError(
            Refusal(
                "broken_picture",
                "the picture ends too early or is damaged. Scan or send it again",
            )
        ) from None
    return ocr.page(upright, limits.threads)


def refuse_above(width: float, height: float, limits: Limits) -> None:
    """UnreadableError for a picture above the limit of pixels."""
    if width * height > limits.max_image_pixels:
        raise UnreadableError(_bomb(f"{width:,.0f} × {height:,.0f}", limits))


def _bomb(size: str, limits: Limits) -> Refusal:
    return Refusal(
        "picture_too_large",
        f"the picture has {size} pixels, the limit is {limits.max_image_pixels:,}. "
        "Scan it at a lower resolution or raise MILLRACE_MAX_IMAGE_PIXELS",
    )


def _on_white(image: Image.Image) -> Image.Image:
    """RGB; what is transparent is paper."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert("RGB")
