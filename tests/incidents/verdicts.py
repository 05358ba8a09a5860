"""Truths of truth.tsv, and the verdicts that are right of a capture or of a mutant."""


class Truth:
    """A row: codes, sides and subjects that are right, and when."""

    def __init__(self, row):
        self.codes, self.sides, self.subjects = (
            [x for x in row[c].split('|') if x] for c in ('codes', 'side', 'subject')
        )
        self.since = float(row['since'] or 0)
        self.until = float('inf') if row['until'] in ('end', '') else float(row['until'])
        self.healthy = row['subject'] == 'none'
        first = row['calls'].split(' ')[0]
        self.calls = int(first) if first.isdigit() else 0
        self.half = row['half']


class Expected:
    """Verdicts that are right: the required causes first; where none is required, silence or one of perhaps first. Those
    of beside may stand anywhere.
    """

    def __init__(self, required=(), perhaps=(), beside=()):
        self.required, self.perhaps, self.beside = list(required), list(perhaps), list(beside)


class Fault:
    def __init__(self, codes, sides, subjects):
        self.codes, self.sides, self.subjects = codes, sides, subjects


def allowance(*codes):
    return Fault(list(codes), [], [])


def standing(truths):
    """What may be said of a capture that lacks something, beside what is wrong."""
    codes = {c for t in truths for c in t.codes if t.healthy or c.startswith('capture.')}
    return [allowance(*sorted(codes))] if codes else []
