"""The reviewers' pages and the API beside them: an application of its own, without Airflow."""
