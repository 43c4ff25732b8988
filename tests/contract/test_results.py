"""Results travel through XCom: names and counts, small whatever the data."""

import json
from datetime import date, timedelta

from pipelines.contracts.monitor_result import JudgedWindow, MonitorPlan, MonitorResult
from pipelines.contracts.result import (
    XCOM_LIMIT_BYTES,
    FeaturesResult,
    IngestResult,
    LandResult,
    ScoredVersion,
    ScoreResult,
)

YEAR = [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(366)]
RULES = {f"a_rule_with_quite_a_long_name_{number}": 10**9 for number in range(40)}


def test_results_of_a_whole_year_fit_into_xcom() -> None:
    results = [
        LandResult(
            dataset="receipts",
            days=YEAR,
            files=10**6,
            rows=10**9,
            unreadable=10**9,
            deferred=["a file name of some length: it was being written"] * 20,
        ),
        IngestResult(
            dataset="receipts",
            days=YEAR,
            table="millrace.receipts",
            snapshot_id=2**63 - 1,
            changed=True,
            rows_in=10**9,
            rows_published=10**9,
            rows_quarantined=0,
            quarantine_reasons=RULES,
            warnings=RULES,
            data_docs="data_docs/receipts/0123456789abcdef.html",
        ),
        MonitorPlan(
            model="receipts",
            windows=YEAR[-200:],
            days=YEAR[-200 - 56 - 2 :],
            reference="0" * 16,
            binning="0" * 16,
            reference_days=YEAR[:56],
            settles=YEAR[0],
        ),
        MonitorResult(
            model="receipts",
            reference="0" * 16,
            calibrated=True,
            windows=[
                JudgedWindow(window=YEAR[0], decision="retrain", reason="→" * 150, changed=True)
            ]
            * 10,
            judged=200,
            incidents=[10**6] * 5,
            paused=True,
            request_id=10**6,
            labels_wanted=True,
            report="runs/monitor/receipts/2026-01-01/index.html",
        ),
        FeaturesResult(
            model="receipts",
            table="millrace.features_receipts",
            snapshot_id=2**63 - 1,
            input_snapshot_id=2**63 - 1,
            feature_key="0" * 64,
            rows=10**9,
            reused=False,
        ),
        ScoreResult(
            model="receipts",
            table="millrace.predictions_receipts",
            snapshot_id=2**63 - 1,
            input_snapshot_id=2**63 - 1,
            changed=True,
            versions=[
                ScoredVersion(
                    version=10**6,
                    role="champion",
                    days=366,
                    rows_in=10**9,
                    rows_scored=10**9,
                    rows_refused=0,
                    rows_added=10**9,
                    rows_removed=10**9,
                )
            ]
            * 2,
            refused=RULES,
        ),
    ]
    for result in results:
        assert len(json.dumps(result.to_xcom())) < XCOM_LIMIT_BYTES, type(result).__name__
