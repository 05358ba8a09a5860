#!/usr/bin/env python3
"""readme.py PROGRAM ROOT: README.md keeps its size, its links lead somewhere, its samples are what the program prints, and each
command of its tasks runs. A line "..." stands for any lines; captures/ is the sample's folder, ID its failed lookup."""
import os, re, shutil, subprocess, sys, tempfile

PROGRAM, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
WORDS, COLUMNS, TASKS = 1500, 100, 10
wrong = []


def check(ok, message):
    if not ok:
        wrong.append(message)


def run(command, folder):
    env = dict(os.environ, PATH=folder + '/bin:' + os.environ['PATH'], LC_ALL='C.UTF-8')
    return subprocess.run(['bash', '-c', command], cwd=folder, env=env, capture_output=True, timeout=120)


def matches(wanted, lines):
    """wanted's "..." takes any lines, as few as will do."""
    at, may_skip = 0, False
    for line in wanted:
        if line.strip() == '...':
            may_skip = True
            continue
        while may_skip and at < len(lines) and lines[at] != line:
            at += 1
        if at >= len(lines) or lines[at] != line:
            return line
        at, may_skip = at + 1, False
    return None if may_skip or at == len(lines) else lines[at]


def look_at_size(text):
    check(len(text.split()) <= WORDS, f'{len(text.split())} words, more than {WORDS}')
    for number, line in enumerate(text.splitlines(), 1):
        check(len(line) <= COLUMNS, f'line {number} is longer than {COLUMNS}')


def look_at_links(document):
    text, folder = open(document, encoding='utf-8').read(), os.path.dirname(document)
    for target in re.findall(r'\]\(([^)#\s]*)(?:#[^)]*)?\)', re.sub(r'```.*?```', '', text, flags=re.S)):
        if target and not re.match(r'[a-z]+:', target):
            check(os.path.exists(os.path.join(folder, target)), f'{os.path.relpath(document, ROOT)} links to {target}')


def look_at_samples(text, folder):
    count = 0
    for block in re.findall(r'```\n(\$ .*?)```', text, re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, *wanted = part.rstrip('\n').split('\n')
            if '| jq' in command and not shutil.which('jq'):
                print(f'skipped, for lack of jq: {command}')
                continue
            lines = run(command, folder).stdout.decode().split('\n')[:-1]
            odd = matches(wanted, lines)
            check(odd is None, f'$ {command}: at "{odd}"')
            count += 1
    check(count >= 3, f'{count} samples')


def look_at_tasks(text, folder):
    table = text[text.index('## Ten tasks'):text.index('## How to capture')]
    commands = re.findall(r'^\| [^|]* \| (?:`summary`; )?`(pcap2trace [^`]*)`', table, re.M)
    check(len(commands) == TASKS, f'{len(commands)} tasks')
    for command in commands:
        r = run(command, folder)
        check(r.returncode == 0, f'{command}: exit status {r.returncode}: {r.stderr.decode()[-200:]}')
        check(r.stdout or '-w ' in command or '-o ' in command or 'slower' in command, f'{command}: prints nothing')


def furnish(folder):
    """bin/pcap2trace, the sample under its own path and as captures/, its log, and an empty key log."""
    os.mkdir(folder + '/bin')
    os.symlink(PROGRAM, folder + '/bin/pcap2trace')
    os.symlink(ROOT + '/samples', folder + '/samples')
    os.mkdir(folder + '/captures')
    os.symlink(ROOT + '/samples/incident/incident.pcap', folder + '/captures/incident.pcap')
    os.symlink(ROOT + '/samples/incident/incident.log', folder + '/service.log')
    open(folder + '/keys.log', 'w').close()


def main():
    text = open(ROOT + '/README.md', encoding='utf-8').read()
    look_at_size(text)
    for document in ['README.md', 'src/README.md', 'samples/README.md'] + \
            ['src/doc/' + name for name in os.listdir(ROOT + '/src/doc') if name.endswith('.md')]:
        look_at_links(os.path.join(ROOT, document))
    with tempfile.TemporaryDirectory() as folder:
        furnish(folder)
        look_at_samples(text, folder)
        look_at_samples(open(ROOT + '/samples/README.md', encoding='utf-8').read(), folder)
        failed = run('pcap2trace -T csv --failed samples/incident/incident.pcap', folder).stdout.decode()
        look_at_tasks(text.replace('--id ID', '--id ' + failed.splitlines()[1].split(',')[0]), folder)
    print('\n'.join(wrong) if wrong else 'README.md is as it says')
    return len(wrong) > 0


sys.exit(main())
