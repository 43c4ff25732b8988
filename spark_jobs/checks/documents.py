"""What a suite may ask of documents: counts, and the first place where a line is wrong.

Every `*_at` column is null for a sound document, else it names the place for people, e.g.
`page 1, line 3`: the expectation is that it is null, and the place goes into the reason.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.contracts.names import DOCUMENT_ID, PAGES

# Scans are skewed and readers round: a box may stick out by this share of the longer side.
MARGIN = 0.02
CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"


def add_checks(rows: DataFrame) -> DataFrame:
    """Adds the flat columns that expectations/*/suite.json of documents look at."""
    return rows.withColumn("_lines", _lines()).select(
        *rows.columns,
        F.coalesce(F.size(PAGES), F.lit(0)).alias("page_count"),
        F.size("_lines").alias("line_count"),
        _text_length().alias("text_length"),
        F.length(DOCUMENT_ID).alias("id_length"),
        F.when(F.col(DOCUMENT_ID).rlike(CONTROL), F.lit("the document_id")).alias("id_control_at"),
        _page_size_at().alias("page_size_at"),
        _first_line(_malformed).alias("box_malformed_at"),
        _first_line(_inverted).alias("box_inverted_at"),
        _first_line(_outside).alias("box_outside_at"),
        _first_line(lambda line: line.text.rlike(CONTROL)).alias("control_at"),
        _first_line(lambda line: line.text.isNull()).alias("text_missing_at"),
        F.array_max(F.transform("_lines", lambda line: F.length(line.text))).alias("longest_line"),
    )


def _lines() -> Column:
    """All lines of a document with the page they stand on, as one array."""

    def of_page(page: Column, number: Column) -> Column:
        return F.transform(
            F.coalesce(page.lines, F.array()),
            lambda line, at: F.struct(
                (number + 1).alias("page"),
                (at + 1).alias("line"),
                page.width.alias("width"),
                page.height.alias("height"),
                line.text.alias("text"),
                line.box.alias("box"),
            ),
        )

    return F.coalesce(F.flatten(F.transform(PAGES, of_page)), F.array())


def _text_length() -> Column:
    """Null without a page: that is another rule's fault, told once."""
    lengths = F.transform("_lines", lambda line: F.coalesce(F.length(F.trim(line.text)), F.lit(0)))
    total = F.aggregate(lengths, F.lit(0), lambda total, length: total + length)
    return F.when(F.size(PAGES) > 0, total)


def _page_size_at() -> Column:
    """First page without two positive finite sizes."""
    wrong = F.transform(PAGES, lambda page, at: F.when(~_sized(page), at + 1))
    first = F.array_min(F.filter(wrong, lambda at: at.isNotNull()))
    return F.concat(F.lit("page "), first.cast("string"))


def _sized(page: Column) -> Column:
    return _positive(page.width) & _positive(page.height)


def _positive(size: Column) -> Column:
    return F.coalesce((size > 0) & _finite(size), F.lit(False))


def _finite(value: Column) -> Column:
    # In Spark NaN is greater than every number, infinity included.
    return (value > float("-inf")) & (value < float("inf"))


def _first_line(is_wrong: Callable[[Column], Column]) -> Column:
    """Place of the first line for which the condition holds; null is not true."""
    wrong = F.filter("_lines", lambda line: F.coalesce(is_wrong(line), F.lit(False)))
    first = F.get(wrong, F.lit(0))
    return F.when(
        first.isNotNull(),
        F.concat(
            F.lit("page "),
            first["page"].cast("string"),
            F.lit(", line "),
            first["line"].cast("string"),
        ),
    )


def _malformed(line: Column) -> Column:
    """Not four finite numbers."""
    numbers = F.forall(line.box, lambda side: F.coalesce(_finite(side), F.lit(False)))
    return ~F.coalesce((F.size(line.box) == 4) & numbers, F.lit(False))


def _inverted(line: Column) -> Column:
    turned = (_side(line, 0) > _side(line, 2)) | (_side(line, 1) > _side(line, 3))
    return ~_malformed(line) & turned


def _outside(line: Column) -> Column:
    """Beyond its page; where the page has no size, that is the fault, told once."""
    slack = F.greatest(line.width, line.height) * MARGIN
    low = F.least(_side(line, 0), _side(line, 1)) < -slack
    high = (_side(line, 2) > line.width + slack) | (_side(line, 3) > line.height + slack)
    return _sized(line) & ~_malformed(line) & (low | high)


def _side(line: Column, number: int) -> Column:
    return F.get(line.box, F.lit(number))
