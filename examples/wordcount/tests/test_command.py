import subprocess
import sys
import tempfile
import unittest
from pathlib import Path


def wordcount(content):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "text.txt")
        file.write_text(content, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "wordcount", str(file)], capture_output=True, text=True, check=False
        )


class Command(unittest.TestCase):
    def test_report(self):
        done = wordcount("the bag the plane")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.splitlines()[:2], ["4 words, 3.5 characters on average", "    2 the"])

    def test_an_empty_file_is_reported_too(self):
        done = wordcount("")
        self.assertEqual((done.returncode, done.stdout), (0, "0 words, 0.0 characters on average\n"))
