"""The generic document-field extractor: it knows kinds of fields, not kinds of documents."""
