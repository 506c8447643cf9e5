"""Holds the JSON Schemas to what they are about, with a validator that is not ours.

schemas.py PROGRAM SOURCE COUNTS: each schema that PROGRAM (dex-mock-server) prints is a valid one,
takes every file of its kind in SOURCE/fixtures, and refuses the documents of
SOURCE/tests/wrong_documents.json, as the programs do (tests/schemas_test). Writes how many
judgements were right and wrong to COUNTS.
"""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema

# The files in fixtures/ of each kind; schemas among them are left out.
KINDS = {
    "baseline": ["baselines/*.json", "peers/*.json"],
    "run-report": ["reports/*.json"],
    "costs": ["costs/*.json"],
    "hosts": ["hosts/*.json"],
    "network": ["networks/*.json"],
    "profile": ["profiles/*.json"],
    "recorded-replies": ["requests/recorded/*.json"],
    "request-list": ["requests/*.json"],
    "requirement": ["requirements/*.json"],
    "results": ["results/*.json"],
    "rule": ["misbehaviours/defects/*.json", "misbehaviours/faults/*.json"],
    "scenario": ["scenarios/*.json"],
    "upload-config": ["upload-configs/*.json"],
    "verdicts": ["profiles/verdicts/*.json"],
}


def without_comments(text):
    """Files of dex-loadgen may have lines of // comments."""
    return re.sub(r"(?m)^\s*//.*$", "", text)


def main():
    program, source, counts = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    right = wrong = 0

    def judge(good, what, why=""):
        nonlocal right, wrong
        if good:
            right += 1
        else:
            wrong += 1
            print(f"FAILED   {what}: {why}")

    refused = json.loads((source / "tests/wrong_documents.json").read_text())
    judge(set(refused) == set(KINDS), "every schema has wrong documents", set(refused) ^ set(KINDS))
    for name, patterns in KINDS.items():
        before = wrong
        printed = subprocess.run([program, "--print-schema", name], check=True, capture_output=True)
        schema = json.loads(printed.stdout)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        validator = validator(schema)
        files = [
            file
            for pattern in patterns
            for file in sorted((source / "fixtures").glob(pattern))
            if not file.name.endswith("schema.json")
        ]
        judge(files, f"{name} has files")
        for file in files:
            errors = validator.iter_errors(json.loads(without_comments(file.read_text())))
            error = jsonschema.exceptions.best_match(errors)
            judge(error is None, file.name, error and f"{error.json_path}: {error.message}")
        for one in refused.get(name, []):
            document = one["document"]
            judge(not validator.is_valid(document), f"schema {name}", f"takes {document}")
        if wrong == before:
            print(f"ok       schema {name}: takes {len(files)} files, refuses {len(refused[name])} documents")
    counts.write_text(f"{right} {wrong}\n")


main()
