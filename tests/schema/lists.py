"""What the JSON Schemas take from the program's own lists: the enums under `$defs` of these names, and the arguments of each hook."""
import json, os, re, subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
SCHEMAS = os.path.join(ROOT, 'src', 'doc', 'schema')
# An argument's value by its type in `--list hooks`; each may be null.
VALUES = {'bool': 'boolean', 'int': 'integer', 'text': 'string', 'list': 'array', 'object': 'object'}


def listed(program, name):
    run = subprocess.run([program, '--list', name], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def source(path, pattern):
    """Names that a file of the program has, in its order."""
    with open(os.path.join(ROOT, path)) as f:
        found = re.findall(pattern, f.read())
    assert found, f'{path} has no {pattern} any more'
    return list(dict.fromkeys(found))


def rows(path, name, column=1):
    """The texts in a column of an X-macro list."""
    with open(os.path.join(ROOT, path)) as f:
        macro = re.search(r'#define %s\(X\)((?:[^\n]*\\\n)*[^\n]*\n)' % name, f.read())
    assert macro, f'{path} has no {name} any more'
    cells = [row.split(',') for row in re.findall(r'X\(([^()]*)\)', macro.group(1))]
    return [row[column].strip().strip('"') for row in cells if row[column].strip() != 'NULL']


def enums(program):
    return {
        'finding': [f['code'] for f in listed(program, 'findings')],
        'cause': [c['code'] for c in listed(program, 'causes')],
        'hook': [h['hook'] for h in listed(program, 'hooks')],
        'kind': rows('include/pcap2trace/exchange.h', 'P2T_KIND_LIST'),
        'outcome': rows('include/pcap2trace/exchange.h', 'P2T_OUTCOME_LIST'),
        'cause_side': rows('include/pcap2trace/summary.h', 'P2T_CAUSE_SIDE_LIST'),
        'limit': [name for name in rows('include/pcap2trace/transport.h', 'P2T_LIMIT_LIST') if name != 'none'],
        'relation': source('src/correlate/links.c', r'"(\w+_(?:of|from|as))"') + source('src/correlate/lookup/life.c', r'exchange_link\)\{"(\w+)"'),
        'capture_limit': source('src/summary/limits.c', r'capture_limit\)\{\s*"(\w+)"'),
        'live_form': rows('src/analyze/live/live.h', 'LIVE_FORM_LIST'),
        'excuse': source('src/analyze/compare/pair.c', r'\[PAIR_\w+\] = "([^"]+)"'),
    }


def arguments(hook):
    """The schema of a hook's `args`: an event may end early, but leaves none out before its last one."""
    schema = {'type': 'object', 'additionalProperties': False}
    if hook['args']:
        schema['properties'] = {a['name']: {'type': [VALUES[a['type']], 'null']} for a in hook['args']}
    names = [a['name'] for a in hook['args']]
    if len(names) > 1:
        schema['dependentRequired'] = {later: [before] for before, later in zip(names, names[1:])}
    return schema


def event_rules(program):
    return [{'if': {'properties': {'hook': {'const': h['hook']}}}, 'then': {'properties': {'args': arguments(h)}}}
            for h in listed(program, 'hooks')]


def compact_rules(program):
    """Of an event in the compact form: its lists of arguments stand behind its moment, or right behind its hook."""
    rules = []
    for h in listed(program, 'hooks'):
        values = [{'type': [VALUES[a['type']], 'null']} for a in h['args']]
        items = {'type': 'array', 'minItems': 1, 'maxItems': len(values), 'prefixItems': values} if values else False
        rules.append({'if': {'prefixItems': [{'const': h['hook']}]},
                      'then': {'if': {'$ref': '#/$defs/with_moment'}, 'then': {'prefixItems': [True] * 6, 'items': items},
                               'else': {'prefixItems': [True], 'items': items}}})
    return rules


def current(program, schema):
    """The schema with what the program's lists say today."""
    schema = json.loads(json.dumps(schema))
    definitions = schema.get('$defs', {})
    for name, values in enums(program).items():
        if name in definitions:
            definitions[name] = {'enum': values}
    if 'rebuilt_event' in definitions:
        definitions['rebuilt_event']['allOf'] = event_rules(program)
    if 'compact_event' in definitions:
        definitions['compact_event']['allOf'] = compact_rules(program)
    return schema


def layout(value, indent=0):
    """JSON that people read: what fits in a line stands in one."""
    line = json.dumps(value)
    if len(line) + indent <= 140 or not isinstance(value, (dict, list)):
        return line
    pad = ' ' * (indent + 2)
    if isinstance(value, dict):
        return '{\n' + ',\n'.join(f'{pad}{json.dumps(k)}: {layout(v, indent + 2)}' for k, v in value.items()) + '\n' + ' ' * indent + '}'
    if all(isinstance(v, str) for v in value):
        rows, row = [], ''
        for text in (json.dumps(v) for v in value):
            if row and len(row) + len(text) + indent > 130:
                rows.append(row)
                row = ''
            row += (', ' if row else '') + text
        return '[\n' + ',\n'.join(pad + r for r in (*rows, row)) + '\n' + ' ' * indent + ']'
    return '[\n' + ',\n'.join(pad + layout(v, indent + 2) for v in value) + '\n' + ' ' * indent + ']'
