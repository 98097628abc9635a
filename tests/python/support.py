"""What the tests of the Python package share."""

import json
import os
import subprocess
import tempfile
import unittest

CRAM = os.path.join(os.environ["CRAM_BUILD"], "sbin/cram/cram")


class InDirectory(unittest.TestCase):
    """A directory of its own, which is the current one."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(directory.name)

    def cram(self, *arguments):
        """What a command prints; it must succeed."""
        return subprocess.run([CRAM, *arguments], check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def refusal(self, *arguments):
        """The one line of a command that must fail, without its prefix."""
        result = subprocess.run([CRAM, *arguments], stderr=subprocess.PIPE,
                                stdout=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 2)
        return result.stderr.decode().rstrip("\n").split(": ", 1)[1]

    def shown(self, manifest, index):
        """A sub-job as cram info has it."""
        return json.loads(self.cram("info", manifest, "-j", str(index),
                                    "--json"))

    def hashes(self, manifest):
        from cram import Manifest
        return [subjob.hash for subjob in Manifest(manifest)]
