#!/usr/bin/env python3
"""Copies the definitions of rules into the schema of profiles, which hold rules, so that each schema
is complete by itself: an editor or a validator given one file asks for no other. To be run when
fixtures/misbehaviours/rule.schema.json has changed; tests/schemas_test tells."""
import json
import pathlib

fixtures = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
rules = json.loads((fixtures / "misbehaviours/rule.schema.json").read_text())["$defs"]
profile = fixtures / "profiles/profile.schema.json"
lines = profile.read_text().splitlines(keepends=True)
copied = tuple(f'    "{name}": {{' for name in rules)
kept = [line for line in lines if not (line.startswith(copied) and line.endswith("},\n"))]
at = kept.index('  "$defs": {\n') + 1
new = [f'    "{name}": {json.dumps(rule, ensure_ascii=False)},\n' for name, rule in rules.items()]
profile.write_text("".join(kept[:at] + new + kept[at:]))
