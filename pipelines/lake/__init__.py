"""Tables in Apache Iceberg: the one room that names pyiceberg and the URIs of tables."""
