# The examples of README.md, as a newcomer copies them.

suite 'readme'
needs readme curl ldapsearch python3 || return 0

start_server --demo
example() { # example NUMBER: runs one block of commands with the ports of this server
    local commands
    commands=$(python3 -c 'import re, sys
blocks = re.findall(r"(?:^    .*\n)+", open(sys.argv[1], encoding="utf-8").read(), re.MULTILINE)
print([block for block in blocks if "127.0.0.1:" in block or "ldap://" in block][int(sys.argv[2])])' \
        "$here/../../README.md" "$1")
    commands=${commands//127.0.0.1:3890/$ldap}
    (cd "$scratch" && bash -o pipefail -c "${commands//127.0.0.1:8080/$http}")
}
expect 0 '^cn: Anna Adams$' 'the search of a phone' example 0
expect 0 '' 'the contact by curl' example 1
expect 0 '^cn: Paul Plumber$' 'its owner finds it' example 2
expect 0 '"created": ?1' 'the file' example 3
