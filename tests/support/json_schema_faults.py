#!/usr/bin/python3
"""What a JSON schema says against a document: json_schema_faults.py SCHEMA DOCUMENT prints one fault a line (path: sentence) and
nothing when the document is valid. The validator is Debian's python3-jsonschema (drafts 3 to 2020-12), which shares no code with the
project. Dates and times are judged by Python's own ISO 8601 reader, addresses by Python's reader of URIs. Exit status 0 unless a file
could not be read."""
import datetime
import json
import sys
import urllib.parse

import jsonschema

FORMATS = jsonschema.FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value):
    if not isinstance(value, str):
        return True
    if "T" not in value:
        raise ValueError("no time of day")
    return datetime.datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def is_date(value):
    return not isinstance(value, str) or datetime.date.fromisoformat(value) is not None


@FORMATS.checks("uri", raises=ValueError)
def is_uri(value):
    return not isinstance(value, str) or (" " not in value and urllib.parse.urlsplit(value).scheme != "")


def main(schema_path, document_path):
    with open(schema_path, encoding="utf-8-sig") as file:
        schema = json.load(file)
    with open(document_path, encoding="utf-8-sig") as file:
        document = json.load(file)
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=FORMATS)
    for fault in sorted(validator.iter_errors(document), key=lambda fault: fault.json_path):
        print(f"{fault.json_path}: {fault.message[:300]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
