"""Pages that Airflow shows beside its own."""
