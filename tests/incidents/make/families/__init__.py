"""The incidents: one function each, which describes a network, its load, its fault and the truth."""


class Incident:
    def __init__(self, describe, half, network):
        self.describe, self.half, self.network = describe, half, network


INCIDENTS = {}


def incident(name, half, **network):
    """half: tune (rules are made with it) or judge (only judged with); network: Lab's net, domain, seconds, v6,
    v4, warm.
    """

    def keep(describe):
        INCIDENTS[name] = Incident(describe, half, network)
        return describe

    return keep
