"""The steps of the loop as plain Python: no Airflow and no PySpark in here."""
