"""PySpark entry points; the same file runs on the local engine, by spark-submit and on EMR."""
