"""Review tasks with defaults: a receipt, its predictions, and a queue of any length."""

from datetime import timedelta

from factories.operations import NOW

from pipelines.contracts.document import Document, Line, Page
from pipelines.contracts.review import Predicted, ReviewTask
from pipelines.opsdb import reviewing
from pipelines.opsdb.database import OpsDb

LINES = (
    ("BAKER & SONS SDN BHD", (60, 30, 400, 56)),
    ("12, JALAN MELATI 3,", (110, 70, 350, 90)),
    ("TAMAN INDAH, 81100 JOHOR BAHRU", (80, 96, 390, 116)),
    ("TAX INVOICE", (170, 140, 300, 160)),
    ("DATE: 21/03/2018 10:42", (40, 180, 300, 200)),
    ("WHITE BREAD", (40, 230, 200, 250)),
    ("2 x 3.40", (250, 230, 330, 250)),
    ("6.80", (380, 230, 430, 250)),
    ("KAYA BUN", (40, 260, 150, 280)),
    ("4.50", (380, 260, 430, 280)),
    ("TOTAL RM", (40, 320, 160, 340)),
    ("11.30", (370, 320, 430, 340)),
    ("CASH", (40, 350, 100, 370)),
    ("20.00", (370, 350, 430, 370)),
    ("THANK YOU, COME AGAIN", (120, 420, 350, 440)),
)


def predicted(value: str | None, confidence: float = 0.95, *boxes: tuple) -> Predicted:
    """One answer of the model, on the first page."""
    return Predicted(
        value=value,
        confidence=confidence,
        boxes=[{"page": 0, "box": list(box)} for box in boxes],
    )


def review_task(number: int = 1, lines=LINES, **different) -> ReviewTask:
    """A receipt whose total was read from the wrong line; priorities fall with the number."""
    page = Page(
        width=470.0,
        height=max(470.0, *(box[3] + 20.0 for _, box in lines)),
        lines=[Line(text=text, box=[float(x) for x in box]) for text, box in lines],
    )
    defaults = {
        "model": "receipts",
        "model_version": 3,
        "content_hash": f"{number:064x}",
        "document": Document(document_id=f"receipt-{number:04d}", pages=[page]),
        "predictions": {
            "company": predicted("BAKER & SONS SDN BHD", 0.97, (60, 30, 400, 56)),
            "date": predicted("21/03/2018", 0.99, (40, 180, 300, 200)),
            "address": predicted(
                "12, JALAN MELATI 3, TAMAN INDAH, 81100 JOHOR BAHRU",
                0.91,
                (110, 70, 350, 90),
                (80, 96, 390, 116),
            ),
            "total": predicted("20.00", 0.54, (370, 350, 430, 370)),
        },
        "fields": ["company", "date", "address", "total"],
        "reason": "uncertain",
        "priority": 1000.0 - number,
        "created_at": NOW + timedelta(seconds=number),
    }
    return ReviewTask.model_validate(defaults | different)


def long_task(number: int, count: int = 300) -> ReviewTask:
    """A document of so many lines."""
    items = [
        (f"ITEM {row:04d} OF A LONG LIST", (40, 480 + row * 24, 300, 500 + row * 24))
        for row in range(count - len(LINES))
    ]
    return review_task(number, lines=(*LINES, *items))


def put(db: OpsDb, *tasks: ReviewTask) -> None:
    """Puts tasks into the queue."""
    with db.write() as session:
        reviewing.add(session, tasks)
