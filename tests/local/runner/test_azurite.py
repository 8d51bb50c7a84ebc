"""Azurite as we start it: what a row costs does not grow with the rows that share a key with it."""

from __future__ import annotations

import subprocess

from local import azurite


def test_rows_are_found_by_the_key_that_fewer_share() -> None:
    """The two ways round, by what LokiJS is asked: a partition of many rows, a row key of many partitions."""
    script = f"""
    require({str(azurite.LOOKUPS)!r});
    const loki = require({str(azurite.ROOT / ".azurite/node_modules/lokijs")!r});
    const rows = new loki("x").addCollection("t", {{ indices: ["PartitionKey", "RowKey"] }});
    for (let i = 0; i < 50; i++) {{
      rows.insert({{ PartitionKey: `call-${{i}}`, RowKey: "turn-0" }});
      rows.insert({{ PartitionKey: "day", RowKey: `row-${{i}}` }});
    }}
    const asked = [];
    const find = loki.Resultset.prototype.find;
    loki.Resultset.prototype.find = function (query, ...more) {{
      if (query && !query.$and && Object.keys(query).length === 1) asked.push(Object.keys(query)[0]);
      return find.call(this, query, ...more);
    }};
    const found = [
      rows.findOne({{ RowKey: "turn-0", PartitionKey: "call-7" }}),
      rows.findOne({{ RowKey: "row-7", PartitionKey: "day" }}),
      rows.findOne({{ RowKey: "none", PartitionKey: "day" }}),
    ];
    const firsts = asked.filter((_, i) => i % 2 === 0);
    console.log(JSON.stringify([found.map((row) => row && row.PartitionKey), firsts]));
    """
    node = azurite.tables_command(1, None)[0]
    run = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == '[["call-7","day",null],["PartitionKey","RowKey","RowKey"]]'
