#!/usr/bin/env python3
"""fields_check.py PROGRAM TESTS SCHEMA: --list fields has every field that exchanges of the kept captures have, no field
that the JSON Schema has not, and all of its fields."""
import glob, json, os, subprocess, sys

PROGRAM, TESTS, SCHEMA = sys.argv[1:4]
FREE = ("events[].args",)  # --list hooks has these


def paths_of(value, at, found):
    for name, inner in value.items():
        path = f"{at}.{name}" if at else name
        found.add(path)
        if isinstance(inner, dict) and path not in FREE:
            paths_of(inner, path, found)
        elif isinstance(inner, list):
            for element in inner:
                if isinstance(element, dict):
                    paths_of(element, path + "[]", found)


def resolved(node, root):
    """The object's schema, whatever stands around it."""
    while "$ref" in node:
        node = root["$defs"][node["$ref"].split("/")[-1]]
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return resolved(choice, root)
    return node


def schema_paths(node, root, at, found):
    for name, inner in node.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        found.add(path)
        inner = resolved(inner, root)
        if path not in FREE:
            schema_paths(inner, root, path, found)
            schema_paths(resolved(inner.get("items", {}), root), root, path + "[]", found)


def main():
    listed = [json.loads(line) for line in subprocess.check_output([PROGRAM, "--list", "fields"], text=True).splitlines()]
    names = {f["field"] for f in listed}
    assert len(names) == len(listed) and all(f["type"] and f["text"] for f in listed)
    found = set()
    for folder in ("golden/captures", "golden/lab", "golden/field", "golden/h2", "../samples/incident"):
        captures = [f for f in glob.glob(os.path.join(TESTS, folder, "*")) if ".pcap" in f]
        assert captures, folder
        keys = glob.glob(os.path.join(TESTS, folder, "*.keys"))[:1]
        p = subprocess.run([PROGRAM, "-q", "--all", "-T", "ndjson", *(["--keylog", keys[0]] if keys else []), *captures],
                           capture_output=True, text=True)
        for line in p.stdout.splitlines():
            paths_of(json.loads(line), "", found)
    print(f"{len(names)} fields are listed, {len(found)} were found in exchanges")
    assert len(found) > 90 and found <= names, sorted(found - names)
    if not os.path.exists(SCHEMA):
        return 0
    with open(SCHEMA) as f:
        root = json.load(f)
    promised = set()
    schema_paths(root, root, "", promised)
    assert promised == names, sorted(promised ^ names)
    return 0


sys.exit(main())
