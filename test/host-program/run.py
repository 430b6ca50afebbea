"""
`python3 -I run.py MODULE [root]`: runs the tests of one module, those that need root or the others. The last line of stdout is JSON:
how many ran, and which were skipped and why.
"""
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main(name, which):
    sys.dont_write_bytecode = True
    sys.path[:0] = [HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), 'deploy', 'host')]
    # A descriptor or child that is left behind fails the test.
    wanted = [test for test in every(unittest.defaultTestLoader.loadTestsFromName(name)) if needs_root(test) == (which == 'root')]
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, warnings='error').run(unittest.TestSuite(wanted))
    print(json.dumps({'ran': result.testsRun, 'skipped': sorted({reason for _, reason in result.skipped})}))
    return 0 if result.wasSuccessful() else 1


def every(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            for inner in every(test):
                yield inner
        else:
            yield test


def needs_root(test):
    return getattr(getattr(test, getattr(test, '_testMethodName', ''), None), 'needs_root', False) or getattr(test, 'needs_root', False)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ''))
