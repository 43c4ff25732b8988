"""The only room that knows Airflow."""
