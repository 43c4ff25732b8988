"""The embedded services of one machine: Airflow, MLflow and a warm Spark, and their home."""
