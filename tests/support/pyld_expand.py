#!/usr/bin/python3
"""Expands a JSON-LD document without a network: pyld_expand.py FOLDER DOCUMENT prints one line per node and property that came out
(`@type` values too), and ends with status 1 and a sentence where the document cannot be expanded or asks for what is not in FOLDER. The
processor is Debian's python3-pyld, which shares no code with the project. Contexts are taken from FOLDER by the last part of their
address."""
import json
import os
import sys

from pyld import jsonld


def loader(folder):
    def load(url, _options=None):
        path = os.path.join(folder, os.path.basename(url))
        if not os.path.isfile(path):
            raise jsonld.JsonLdError(f"no network here, and no file for {url}", "jsonld.LoadDocumentError", {}, "loading document failed")
        with open(path, encoding="utf-8-sig") as file:
            return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": json.load(file)}
    return load


def tell(value):
    if isinstance(value, list):
        for each in value:
            tell(each)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "@type":
                print("@type", " ".join(inner) if isinstance(inner, list) else inner)
            elif not key.startswith("@"):
                print(key)
            if key != "@value":
                tell(inner)


def main(folder, document_path):
    with open(document_path, encoding="utf-8-sig") as file:
        document = json.load(file)
    try:
        expanded = jsonld.expand(document, {"documentLoader": loader(folder)})
    except jsonld.JsonLdError as fault:
        print(f"cannot be expanded: {fault}"[:2000])
        return 1
    tell(expanded)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
