"""A reviewer that is a program: it finds `BUG` on added lines, and takes as long as a `SLOW-<seconds>` there says."""

import json
import re
import sys
import time

change = json.load(sys.stdin)["change"]
findings, path, line = [], "", 0
for text in change["diff"].splitlines():
    if text.startswith("+++ b/"):
        path = text[6:]
    elif text.startswith("@@"):
        line = int(re.search(r"\+(\d+)", text)[1]) - 1
    elif text.startswith((" ", "+")):
        line += 1
        slow = re.search(r"SLOW-(\d+)", text)
        if slow and text.startswith("+"):
            time.sleep(int(slow[1]))
        mark = re.search(r"BUG-(\w+)", text)
        if mark and text.startswith("+"):
            findings.append(
                {
                    "path": path,
                    "first_line": line,
                    "last_line": line,
                    "title": f"{mark[1]} fails",
                    "explanation": "The line says so.",
                    "severity": "high",
                    "confidence": 0.9,
                    "category": "correctness",
                }
            )
json.dump({"findings": findings}, sys.stdout)
