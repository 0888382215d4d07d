"""Runs the cases of a task and compares what programs print and how they end; says what differs first.

Whatever a task's language, its program runs in a process of its own and in a copy of the tree for each case:
code that ends the process that judges, or changes what the next case finds, gains nothing.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.getcwd()
CASE_S = 20


def judge(case):
    """None, or what is wrong."""
    with tempfile.TemporaryDirectory() as place:
        tree = os.path.join(place, "tree")
        shutil.copytree(TREE, tree, symlinks=True, ignore=shutil.ignore_patterns(".check-*"))
        for name, text in case.get("files", {}).items():
            with open(os.path.join(tree, name), "w", encoding="utf-8") as file:
                file.write(text)
        try:
            ended = subprocess.run(
                ["bash", "-c", case["run"]],
                cwd=tree,
                input=case.get("stdin", "").encode(),
                capture_output=True,
                timeout=CASE_S,
            )
        except subprocess.TimeoutExpired:
            return f"still running after {CASE_S} seconds"
    for stream, found in (("stdout", ended.stdout), ("stderr", ended.stderr)):
        if stream in case and found != case[stream].encode():
            return f"{stream} was {found[:200]!r}, expected {case[stream][:200]!r}"
    if ended.returncode != case.get("exit", 0):
        return f"exit code {ended.returncode}, expected {case.get('exit', 0)}"
    return None


def main():
    with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    for number, case in enumerate(cases, start=1):
        wrong = judge(case)
        if wrong:
            print(f"case {number} of {len(cases)}, {case['run'][:80]!r}: {wrong}")
            return 1
    print(f"{len(cases)} cases hold")
    return 0


sys.exit(main())
