"""`python -m shared.restaurants import FILE...` and `export`: the catalogue from and for others."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.exchange.merging import Merge
from shared.exchange.writing import catalogue_text, jsonld_text, write
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import DEFAULT_RESTAURANTS_FILE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 when something was refused, 2 when nothing could be done."""
    parser = argparse.ArgumentParser(prog="python -m shared.restaurants", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    taking = commands.add_parser("import", help="put restaurants of other files into a catalogue")
    taking.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="JSON-LD, Overpass JSON or GeoJSON"
    )
    taking.add_argument("--into", type=Path, default=DEFAULT_RESTAURANTS_FILE, metavar="CATALOGUE")
    taking.add_argument("--dry-run", action="store_true", help="report, and write nothing")
    giving = commands.add_parser("export", help="write a catalogue as schema.org JSON-LD")
    giving.add_argument(
        "--from", dest="source", type=Path, default=DEFAULT_RESTAURANTS_FILE, metavar="CATALOGUE"
    )
    giving.add_argument("--to", type=Path, metavar="FILE", help="left out: to standard output")
    options = parser.parse_args(arguments)
    try:
        if options.command == "import":
            return _import(options.files, options.into, dry_run=options.dry_run)
        return _export(options.source, options.to)
    except (CatalogueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _import(files: Sequence[Path], into: Path, *, dry_run: bool) -> int:
    catalogue = Catalogue.load(into)
    merge = Merge(catalogue.city, catalogue.restaurants)
    for file in files:
        try:
            document = json.loads(file.read_bytes())
        except OSError as error:
            raise CatalogueError(f"{file}: cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise CatalogueError(f"{file.name}: not JSON: {error}") from error
        try:
            merge.document(file.name, document)
        except RecursionError as error:
            raise CatalogueError(f"{file.name}: nested too deeply to be restaurants") from error
    for line in merge.report.lines:
        print(line, file=sys.stderr)
    content = catalogue_text(catalogue.city, merge.restaurants)
    Catalogue.read(json.loads(content), into.name)  # what cannot be loaded again is never written
    changed = merge.report.added or merge.report.changed
    if changed and not dry_run:
        write(into, content)
    print(f"{into}: {merge.report.counts}{' (nothing written)' if dry_run else ''}")
    return 1 if merge.report.refused else 0


def _export(source: Path, to: Path | None) -> int:
    catalogue = Catalogue.load(source)
    content = jsonld_text(catalogue.city, catalogue.restaurants)
    if to is None:
        print(content, end="")
    else:
        write(to, content)
        print(f"{to}: {len(catalogue.restaurants)} restaurants")
    return 0
