"""Writes what the rows of a system send: costs.py SYSTEM FOLDER FILE.

FOLDER has SYSTEM.N.json, which dex-conformance wrote with --json, and SYSTEM.N.asked, how many
requests the mock saw in that run. Of each figure the most of all runs is taken, of time the least.
"""

import json
import pathlib
import sys

LEFT_BEHIND = {
    "tus": "deleted at the end where the target offers termination, else they stay",
    "dex": "deleted at the end where the target offers termination; what was delivered stays",
    "objects": "deleted at the end",
    "openhumans": "deleted at the end",
    "onecodex": "deleted at the end where the key may do that",
}


def main():
    system, folder, file = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    rows, besides = {}, 0
    made = 0
    for report_file in sorted(folder.glob(f"{system}.*.json")):
        report = json.loads(report_file.read_text())
        asked = int(report_file.with_suffix(".asked").read_text())
        sent = 0
        for result in report["results"]:
            cost = {**result["sent"], "ms": result["duration_ms"]}
            sent += cost["requests"]
            if result["verdict"] == "skip":  # a skipped row did not send what it costs
                continue
            known = rows.setdefault(result["id"], cost)
            # A busy machine makes a check take longer, so the smallest time counts.
            rows[result["id"]] = {
                key: (min if key == "ms" else max)(known[key], value) for key, value in cost.items()
            }
        uploads = report["uploads"]
        deletions = uploads["removed"] + len(uploads["left"])  # one request each, even if it fails
        besides = max(besides, asked - sent - deletions)
        rows_made = sum(result["sent"]["uploads"] for result in report["results"])
        made = max(made, uploads["removed"] + len(uploads["left"]) - rows_made)
        version = report["version"]
    document = {
        "$schema": "costs.schema.json",
        "system": system,
        "measured": f"by dex-conformance {version} against the mock on one machine, with 4 jobs; of 3 runs the most of each, of time the least",
        "left_behind": LEFT_BEHIND[system],
        "besides": {"requests": besides, "bytes": 0, "uploads": max(made, 0), "ms": 0},
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
    table = ",\n".join(f"    {json.dumps(key)}: {json.dumps(rows[key])}" for key in sorted(rows))
    file.write_text("{\n" + ",\n".join(lines) + ',\n  "rows": {\n' + table + "\n  }\n}\n")
    total = {key: sum(row[key] for row in rows.values()) for key in ("requests", "bytes", "uploads", "ms")}
    print(f"{file}: {len(rows)} rows, {total}, {besides} requests besides")


main()
