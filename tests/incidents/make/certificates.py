"""Certificates by openssl, of an issuer each incident makes anew."""

import os, time
from network import sh

KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
CONFIG = """[ca]
default_ca=c
[c]
new_certs_dir=db-{issuer}
database=db-{issuer}/index
serial=db-{issuer}/serial
default_md=sha256
policy=p
unique_subject=no
copy_extensions=copy
[p]
commonName=supplied
"""


def found(work, issuer):
    """Makes the issuer; clients trust work/ISSUER.pem."""
    if os.path.exists(f'{work}/{issuer}.pem'):
        return
    sh(f'cd {work} && mkdir db-{issuer} && : >db-{issuer}/index && echo 1000 >db-{issuer}/serial')
    with open(f'{work}/{issuer}.cnf', 'w') as out:
        out.write(CONFIG.format(issuer=issuer))
    subject = f'-subj /CN={issuer} -addext keyUsage=keyCertSign'
    sh(f'cd {work} && openssl req -x509 {KEY} -days 900 {subject} -keyout {issuer}.key -out {issuer}.pem')


def issue(work, issuer, name, first, last):
    """A certificate for a name, valid from first to last (seconds since 1970): its path and its key's."""
    found(work, issuer)
    label = f'{work}/{name}-{len(os.listdir(work))}'
    begin, end = (time.strftime('%Y%m%d%H%M%SZ', time.gmtime(t)) for t in (first, last))
    sh(f'openssl req {KEY} -subj /CN={name} -addext subjectAltName=DNS:{name} -keyout {label}.key -out {label}.csr')
    signer = f'-config {issuer}.cnf -cert {issuer}.pem -keyfile {issuer}.key'
    sh(
        f'cd {work} && openssl ca -batch -notext {signer} -startdate {begin} -enddate {end} -in {label}.csr -out {label}.pem'
    )
    return f'{label}.pem', f'{label}.key'
